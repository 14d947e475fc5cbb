using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Minka.Cli.Verbs;

/// <summary>Says what this machine offers and what Minka will use of it.</summary>
internal sealed class DoctorVerb(Terminal terminal) : IVerb
{
    public Command Command { get; } = new("doctor", "Say what this machine offers and what Minka will use of it.");

    public IReadOnlyList<(string Command, string Purpose)> Examples =>
        [("minka doctor", "processor, cores, memory and what will be used")];

    /// <summary>Binds the action; apart from construction so that the list of verbs stays a plain list.</summary>
    public DoctorVerb Bind()
    {
        Command.SetAction(_ => Run());
        return this;
    }

    private int Run()
    {
        var tiers = new (string Name, bool IsThere)[]
        {
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-512", Avx512BW.IsSupported),
        };
        terminal.Out.WriteLine($"system     {RuntimeInformation.OSDescription}, .NET {Environment.Version}");
        terminal.Out.WriteLine($"cores      {Environment.ProcessorCount}");
        var there = tiers.Where(tier => tier.IsThere).Select(tier => tier.Name);
        terminal.Out.WriteLine($"features   {string.Join(", ", there)}");
        return ExitCodes.Ok;
    }
}
