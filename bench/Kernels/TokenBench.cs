using System.Diagnostics;
using System.Globalization;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>Everything of a step but its products, by operation: what each token pays beside its weights.</summary>
internal static class TokenBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var rounds = options.Numbers("--rounds", "100")[0];
        Console.WriteLine($"{CpuInfo.Read().Tier}; fastest of {rounds} rounds; us per layer, ms per step");
        Console.WriteLine("| model | threads | tokens | norm | rope | write kv | attention | swiglu | add | step ms |");
        Console.WriteLine("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
        foreach (var threads in options.Numbers("--threads", "1,2"))
        {
            using var backend = new CpuBackend(new() { Threads = threads });
            foreach (var model in Shape.All)
                foreach (var tokens in options.Numbers("--tokens", "1,256"))
                {
                    var layer = new Layer(backend, model, tokens);
                    var times = layer.Operations.Select(operation => Fastest(operation, rounds)).ToArray();
                    var cells = times.Select(t => t.ToString("F2", CultureInfo.InvariantCulture));
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"| {model.Name} | {threads} | {tokens} | {string.Join(" | ", cells)} "
                        + $"| {times.Sum() * model.Layers / 1e3:F3} |"));
                }
        }
        return 0;
    }

    private static double Fastest(Action operation, int rounds)
    {
        const int Times = 20;
        var best = double.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Times; i++) operation();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / Times);
        }
        return best;
    }

    private sealed record Shape(string Name, int Layers, int Width, int Heads, int KvHeads, int HeadDim, int Forward)
    {
        public static IReadOnlyList<Shape> All { get; } =
        [
            new("MiniMind2-Small", 8, 512, 8, 2, 64, 1408),
            new("SmolLM2-135M", 30, 576, 9, 3, 64, 1536),
            new("Llama-3.2-1B", 16, 2048, 32, 8, 64, 8192),
        ];
    }

    /// <summary>One layer's operations on a sequence's first tokens, or on one token after 64 others.</summary>
    private sealed class Layer
    {
        public Layer(CpuBackend on, Shape shape, int tokens)
        {
            var depth = tokens == 1 ? 64 : 0;
            Tensor x = Random(on, tokens, shape.Width), normed = Random(on, tokens, shape.Width);
            Tensor w = Random(on, 1, shape.Width), rotations = Random(on, tokens, shape.HeadDim);
            Tensor q = Random(on, tokens, shape.Heads * shape.HeadDim), heads = Random(on, tokens, q.Columns);
            Tensor k = Random(on, tokens, shape.KvHeads * shape.HeadDim);
            Tensor gateUp = Random(on, tokens, 2 * shape.Forward), gated = Random(on, tokens, shape.Forward);
            int[] blocks = [.. Enumerable.Range(0, (depth + tokens + 15) / 16)];
            int[] positions = [.. Enumerable.Range(depth, tokens)], rows = [0, tokens], starts = [0, blocks.Length];
            var kv = on.AllocateKv(new(blocks.Length, shape.KvHeads, shape.HeadDim, DType.F16));
            AttentionOptions options = new(shape.Heads, 0.125f);
            Operations =
            [
                () =>
                {
                    on.RmsNorm(normed, x, w, 1e-5f);
                    on.RmsNorm(normed, x, w, 1e-5f);
                },
                () =>
                {
                    on.Rope(q, rotations, shape.HeadDim, RopePairs.Halves);
                    on.Rope(k, rotations, shape.HeadDim, RopePairs.Halves);
                },
                () => on.WriteKv(kv, k, k, positions),
                () => on.Attention(heads, q, kv, options, new(rows, positions, starts, blocks)),
                () => on.SwiGlu(gated, gateUp),
                () =>
                {
                    on.Add(normed, x);
                    on.Add(normed, x);
                },
            ];
        }

        public IReadOnlyList<Action> Operations { get; }

        private static Tensor Random(CpuBackend on, int rows, int columns)
        {
            var random = new Random(1);
            var tensor = on.Allocate(rows, columns).All;
            foreach (ref var value in on.Host(tensor)) value = random.NextSingle() * 2 - 1;
            return tensor;
        }
    }
}
