using System.Diagnostics;
using System.Globalization;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>
/// <c>roofline</c>: operations by format, tier and tokens against the two limits of this machine, bytes per second and
/// operations per second, both measured between the rounds (Williams, Waterman and Patterson 2009).
/// </summary>
internal static class RooflineBench
{
    private const int Rows = 8192, Columns = 2048;      // gate and up of a 1B model, half of them
    private static readonly int[] _heads = [32, 8, 64]; // H, K, C of the same

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var rounds = options.Numbers("--rounds", "12")[0];
        using var team = new ThreadTeam(options.Numbers("--threads", "1")[0]);
        using var limits = new MachineLimits(team);
        var points = new List<RooflinePoint>();
        var tiers = options.Text("--tiers", "Avx512Vnni,Avx512,Avx2").Split(',').Select(Enum.Parse<InstructionTier>)
            .Where(InstructionTiers.Supported.Contains).ToArray();
        var types = options.Text("--types", "Q4_0,Q4_1,Q5_0,Q8_0,F16,F32").Split(',')
            .Select(Enum.Parse<DType>).ToArray();
        foreach (var tier in tiers)
            foreach (var type in types)
                AddProducts(points, team, limits, type, tier, options.Numbers("--tokens", "1,4,16,64,256"), rounds);
        foreach (var type in (DType[])[DType.F16, DType.Q8_0, DType.F32])
            foreach (var tokens in (int[])[1, 64])
                AddAttention(points, team, limits, type, tokens, rounds);

        Print(points, team.Size);
        if (options.Text("--svg", "") is { Length: > 0 } path)
            File.WriteAllText(path, RooflinePicture.Draw(points, CpuInfo.Read().Model, team.Size));
        return 0;
    }

    private static void AddProducts(
        List<RooflinePoint> points, ThreadTeam team, MachineLimits limits, DType type, InstructionTier tier,
        int[] tokens, int rounds)
    {
        using var cold = new ColdMatrices(type, Rows, Columns, 100 << 20, team, tier);
        var bits = tier >= InstructionTier.Avx512 ? 512 : 256;
        var isFloat = type is DType.F16 or DType.F32 or DType.BF16;
        foreach (var count in tokens)
            points.Add(Measure(
                new RooflinePoint("product", type, tier.ToString(), count)
                {
                    Bytes = cold.Bytes,
                    Operations = 2.0 * cold.Weights * count,
                },
                () => cold.Multiply(count, 1), Math.Clamp(128 / count, 1, 8), rounds,
                () => isFloat ? FloatLimit.OperationsPerSecond(team, bits) : limits.ByteOperationsPerSecond(tier),
                limits));
    }

    private static void AddAttention(
        List<RooflinePoint> points, ThreadTeam team, MachineLimits limits, DType type, int tokens, int rounds)
    {
        const int Depth = 4096;
        using var backend = new CpuBackend(new() { Threads = team.Size });
        using var step = new AttentionStep(backend, new(0, _heads[1], _heads[2], type), _heads[0], Depth, tokens);
        points.Add(Measure(
            new RooflinePoint("attention at 4096", type, CpuInfo.Read().Tier.ToString(), tokens)
            {
                Bytes = step.Bytes,
                Operations = step.Operations,
            },
            () => step.Run(1), tokens == 1 ? step.Layers : 1, rounds,
            () => FloatLimit.OperationsPerSecond(team), limits));
    }

    // The machine may be shared, and what others take only ever adds time: the fastest round counts, for the operation
    // as for its limits.
    private static RooflinePoint Measure(
        RooflinePoint point, Action run, int times, int rounds, Func<double> operationLimit, MachineLimits limits)
    {
        double seconds = double.MaxValue, read = 0, operations = 0;
        run();
        for (var round = 0; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < times; i++) run();
            seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(start).TotalSeconds / times);
            operations = Math.Max(operations, operationLimit());
            if (round % 4 == 0) read = Math.Max(read, limits.ReadBytesPerSecond());
        }
        return point with { Seconds = seconds, ReadLimit = read, OperationLimit = operations };
    }

    private static void Print(List<RooflinePoint> points, int threads)
    {
        Console.WriteLine($"{CpuInfo.Read().Model}; {threads} thread(s); fastest rounds, of the limits too");
        Console.WriteLine();
        Console.WriteLine("| operation | format | tier | tokens | GB/s | GOP/s | % of the limit | limit |");
        Console.WriteLine("| --- | --- | --- | --: | --: | --: | --: | --- |");
        foreach (var p in points)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {p.Name} | {p.Type} | {p.Tier} | {p.Tokens} | {p.BytesPerSecond / 1e9:F1} | "
                + $"{p.OperationsPerSecond / 1e9:F0} | {100 * p.Share:F0} | "
                + $"{(p.IsBoundByMemory ? "memory" : "arithmetic")} |"));
    }
}
