using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Minka.Cli.Options;
using Minka.Compute.Cpu;

namespace Minka.Cli.Verbs;

/// <summary>Says what this machine offers, what Minka will use of it, and why.</summary>
internal sealed class DoctorVerb(Terminal terminal) : IVerb
{
    private readonly Option<bool> _json = Flag.Switch(["--json"], "Print one JSON object.");

    public Command Command { get; } = new("doctor", "Say what this machine offers, what Minka will use, and why.");

    public IReadOnlyList<OptionGroup> Groups => [new("Output", [_json])];

    public IReadOnlyList<Example> Examples =>
    [
        new("minka doctor", "processor, cores, memory and what will be used"),
        new("minka doctor --json", "the same for a program"),
    ];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var info = CpuInfo.Read();
        var bandwidth = MemoryBandwidth.Measure(info.DefaultThreads);
        if (parse.GetValue(_json)) terminal.Out.WriteLine(ForPrograms(info, bandwidth));
        else WriteForPeople(info, bandwidth);
        return Task.FromResult(ExitCodes.Ok);
    }

    private void WriteForPeople(CpuInfo info, double bandwidth)
    {
        var isThere = File.Exists(ModelLocator.BuiltInPath);
        Line("program", $"Minka {ProgramVersion.Text}, .NET {Environment.Version}, {RuntimeInformation.OSDescription}");
        Line("processor", info.Model);
        Line("instructions", $"{info.Tier}: {info.TierReason}");
        Line("cores", Text($"{info.PhysicalCores} cores, {info.LogicalCores} hardware threads; ")
            + (info.QuotaCores is { } quota ? Text($"this container may use {quota:0.##}") : "no quota"));
        Line("threads", Text($"{info.DefaultThreads} will compute, one per core within the quota; -t sets others"));
        Line("caches", $"{Bytes(info.Level1CacheBytes)} and {Bytes(info.Level2CacheBytes)} per core, "
            + $"{Bytes(info.LastLevelCacheBytes)} shared");
        Line("memory", $"{Bytes(info.TotalMemoryBytes)}, {Bytes(info.AvailableMemoryBytes)} free for a model; "
            + (info.MemoryLimitBytes is { } limit ? $"this container may use {Bytes(limit)}" : "no limit"));
        Line("read speed", Text($"{bandwidth / 1e9:F1} GB/s measured with {info.DefaultThreads} threads; ")
            + Text($"a model of 4 GB makes at most {bandwidth / 4e9:F1} tokens a second"));
        Line("built-in", $"{ModelLocator.BuiltIn} is {(isThere ? "there" : "missing")}, {ModelLocator.BuiltInPath}");
    }

    private void Line(string label, string text) =>
        terminal.Out.WriteLine($"{terminal.Bold(label.PadRight(13))} {text}");

    private static string ForPrograms(CpuInfo info, double bandwidth) => Json.WriteObject(json =>
    {
        json.WriteString("version", ProgramVersion.Text);
        json.WriteString("cpu", info.Model);
        json.WriteString("tier", info.Tier.ToString());
        json.WriteString("tier_reason", info.TierReason);
        json.WriteNumber("physical_cores", info.PhysicalCores);
        json.WriteNumber("logical_cores", info.LogicalCores);
        if (info.QuotaCores is { } quota) json.WriteNumber("quota_cores", quota);
        json.WriteNumber("threads", info.DefaultThreads);
        json.WriteNumber("memory_bytes", info.TotalMemoryBytes);
        json.WriteNumber("available_bytes", info.AvailableMemoryBytes);
        if (info.MemoryLimitBytes is { } limit) json.WriteNumber("memory_limit_bytes", limit);
        json.WriteNumber("last_level_cache_bytes", info.LastLevelCacheBytes);
        json.WriteNumber("read_bytes_per_second", Math.Round(bandwidth));
    }, isIndented: true);

    private static string Bytes(long bytes) => bytes switch
    {
        <= 0 => "unknown",
        < 1 << 20 => Text($"{bytes / 1024.0:0.#} KiB"),
        < 1 << 30 => Text($"{bytes / 1048576.0:0.#} MiB"),
        _ => Text($"{bytes / 1073741824.0:0.0} GiB"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
