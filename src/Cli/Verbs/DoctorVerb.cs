using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Minka.Cli.Options;

namespace Minka.Cli.Verbs;

/// <summary>Says what this machine offers and what Minka will use of it.</summary>
internal sealed class DoctorVerb(Terminal terminal) : IVerb
{
    public Command Command { get; } = new("doctor", "Say what this machine offers and what Minka will use of it.");

    public IReadOnlyList<OptionGroup> Groups => [];

    public IReadOnlyList<Example> Examples => [new("minka doctor", "processor, cores, memory and what will be used")];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var tiers = new (string Name, bool IsThere)[]
        {
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-512", Avx512BW.IsSupported),
        };
        var there = tiers.Where(tier => tier.IsThere).Select(tier => tier.Name);
        terminal.Out.WriteLine($"system     {RuntimeInformation.OSDescription}, .NET {Environment.Version}");
        terminal.Out.WriteLine($"cores      {Environment.ProcessorCount}");
        terminal.Out.WriteLine($"features   {string.Join(", ", there)}");
        return Task.FromResult(ExitCodes.Ok);
    }
}
