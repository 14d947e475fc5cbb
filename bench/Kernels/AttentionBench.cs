using System.Diagnostics;
using System.Globalization;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>
/// Attention alone. One token reads all keys and values once and is bound by memory; many tokens are bound by
/// fused multiply-adds. Both limits are measured between the rounds and every figure stands beside its share of them.
/// </summary>
internal static class AttentionBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var heads = options.Numbers("--heads", "32,8,64");     // H, K, C: Llama-3.2-1B
        var types = options.Text("--types", "F16,F32,Q8_0").Split(',').Select(t => Enum.Parse<DType>(t, true));
        var rounds = options.Numbers("--rounds", "30")[0];
        AttentionStep.ColdBytes = (long)options.Numbers("--cold", "160")[0] << 20;     // caches read in turn
        Console.WriteLine($"H, K, C = {string.Join(", ", heads)}; {CpuInfo.Read().Tier}; fastest of {rounds} rounds");
        Console.WriteLine("| threads | KV | tokens | depth | us | GB/s | % read | GOP/s | % fma |");
        Console.WriteLine("| --: | --- | --: | --: | --: | --: | --: | --: | --: |");
        foreach (var threads in options.Numbers("--threads", "1,2"))
        {
            using var backend = new CpuBackend(new() { Threads = threads });
            using var team = new ThreadTeam(threads);
            foreach (var type in types)
                foreach (var depth in options.Numbers("--depths", "512,4096,16384"))
                    foreach (var tokens in options.Numbers("--tokens", "1,256"))
                    {
                        KvShape shape = new(0, heads[1], heads[2], type);
                        using var step = new AttentionStep(backend, shape, heads[0], depth, tokens);
                        Print(step, team, rounds, $"| {threads} | {type} | {tokens} | {depth} |");
                    }
        }
        return 0;
    }

    private static void Print(AttentionStep step, ThreadTeam team, int rounds, string row)
    {
        // The machine is shared, and what others take only ever adds time: the fastest short round counts, for the
        // kernel as for the limits.
        var times = (int)Math.Clamp(50_000_000 / step.Operations, 1, 100);
        double time = double.MaxValue, read = 0, operations = 0;
        step.Run(step.Layers);
        for (var i = 0; i < rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            step.Run(times);
            time = Math.Min(time, Stopwatch.GetElapsedTime(start).TotalSeconds / times);
            operations = Math.Max(operations, FloatLimit.OperationsPerSecond(team));
            if (i < 3) read = Math.Max(read, MemoryBandwidth.Measure(team));
        }
        double bytes = step.Bytes / time, rate = step.Operations / time;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{row} {time * 1e6:F0} | {bytes / 1e9:F1} | {100 * bytes / read:F0} | "
            + $"{rate / 1e9:F0} | {100 * rate / operations:F0} |"));
    }
}
