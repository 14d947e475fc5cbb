using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Compute.Cpu;
using Minka.Models.Loading;

namespace Minka.Bench.Models.Table;

/// <summary>Sequences that share a step, and a core that is shared with another process.</summary>
internal sealed class SharingPiece : TablePiece
{
    /// <summary>Head of the table.</summary>
    public const string Section = "| sharing | threads | tok/s | alone tok/s | ratio | must |";

    private const int Sequences = 8, Steps = 24;

    public required string Model { get; init; }

    public required int Threads { get; init; }

    public override IEnumerable<TableSample> RunRound()
    {
        using var file = ModelFiles.Open(Model);
        using var backend = new CpuBackend(new() { Threads = Threads });
        using var decoding = new Decoding(file, backend, Sequences, Steps);
        decoding.Decode(1, Steps);
        var alone = decoding.Decode(1, Steps);
        yield return Row($"{Sequences} sequences decode together", decoding.Decode(Sequences, Steps), alone, "3");
        using var loop = new BusyLoop(Threads - 1);
        yield return Row("beside a busy loop on the last core", decoding.Decode(1, Steps), alone, "0.45");
    }

    private TableSample Row(string what, double rate, double alone, string must) => new(Section,
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(Model)}: {what} | {Threads}"),
        rate, alone, must);
}
