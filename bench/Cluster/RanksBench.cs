using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Cluster.Metrics;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Bench.Cluster;

/// <summary>
/// <c>ranks MODEL</c>: a cluster of processes of one thread beside one process with as many threads, taking turns of a
/// second; and a pipeline with a step for each stage in flight beside the same with one.
/// </summary>
internal static class RanksBench
{
    private const int Step = 512, PromptOfDecoding = 8;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["worker", ..]) return await RankProcesses.ServeAsync(args[1]);
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(Path.Exists) is not { } path)
        {
            Console.Error.WriteLine(
                "ranks needs a MODEL; --tp 2 --pp 1 --rounds 11 --tokens 32 --prompt 256 --users 1.");
            return 2;
        }
        var (tensor, pipeline) = (options.Numbers("--tp", "2")[0], options.Numbers("--pp", "1")[0]);
        var users = options.Numbers("--users", "1")[0];
        var load = new Load(options.Numbers("--tokens", "32")[0], options.Numbers("--prompt", "256")[0], users);
        var rounds = options.Numbers("--rounds", "11")[0];
        using var package = ModelPackage.Open(path);
        var scheduling = new SchedulerOptions
        {
            SequencesMax = users, TokensPerStepMax = Step, LogitRowsMax = Math.Max(8, users), PrefixCaching = false,
            ContextMax = Math.Min(package.Config.ContextLength, Math.Max(load.Prompt, PromptOfDecoding) + load.Tokens),
        };
        var blocks = users * (scheduling.ContextMax / ForwardInput.BlockTokens + 2);

        await using var processes = await RankProcesses.StartAsync(path, tensor * pipeline);
        using var cluster = await processes.ClusterAsync(
            package.Weights, tensor, pipeline, scheduling.StepLimits(blocks), blocks);
        foreach (var choice in cluster.Choices) Console.WriteLine(choice);
        using var backend = new CpuBackend(new() { Threads = tensor * pipeline });
        using var model = package.Load(backend, new() { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        Console.WriteLine($"\n{backend.Description}; {package.Config.Name ?? Path.GetFileName(path)}; "
            + $"{tensor} x {pipeline} ranks of one thread\n");

        var alone = new Side($"one process, {tensor * pipeline} threads", new LocalExecutor(model), scheduling);
        var ranks = new Side($"{tensor * pipeline} ranks", cluster.Executor, scheduling);
        await TurnsAsync(alone, ranks, load, rounds);
        if (pipeline > 1)
            await TurnsAsync(new("one step in flight", new OneAtATime(cluster.Executor), scheduling),
                ranks with { Name = $"{cluster.Executor.Shape.StepsInFlight} in flight" }, load, rounds);
        await TellAsync(cluster.Monitor!);
        return 0;
    }

    /// <summary>What every turn asks for.</summary>
    /// <param name="Tokens">Of each text.</param>
    /// <param name="Prompt">Tokens of the long prompt.</param>
    /// <param name="Users">Texts at once.</param>
    private sealed record Load(int Tokens, int Prompt, int Users);

    /// <summary>One of those that take turns.</summary>
    private sealed record Side(string Name, IExecutor Executor, SchedulerOptions Scheduling)
    {
        /// <summary>Tokens a second of all prompts, and one by one.</summary>
        public async Task<(double Prompts, double Texts)> RunAsync(Load load)
        {
            var engine = new LlmEngine(Executor, new() { Scheduling = Scheduling }, TimeProvider.System);
            var running = engine.RunAsync();
            var prompts = await AllAsync(engine, load.Users, load.Prompt, 1);
            var texts = await AllAsync(engine, load.Users, PromptOfDecoding, load.Tokens);
            engine.Stop();
            await running;
            var decoding = texts.Max(text => text.Duration) - texts.Max(text => text.TimeToFirstToken);
            return (load.Users * load.Prompt / prompts.Max(prompt => prompt.TimeToFirstToken).TotalSeconds,
                load.Users * (load.Tokens - 1) / decoding.TotalSeconds);
        }

        private static async Task<Generation[]> AllAsync(LlmEngine engine, int users, int prompt, int tokens) =>
            await Task.WhenAll(Enumerable.Range(0, users).Select(async user =>
            {
                var generation = engine.Submit(new()
                {
                    Prompt = Enumerable.Range(0, prompt).Select(i => (i + user) * 7919 % 1009).ToArray(),
                    TokensMax = tokens, Sampling = SamplingOptions.Greedy, IgnoreEos = true,
                });
                await Completion.ReadAsync(generation);
                return generation;
            }));
    }

    /// <summary>A round that is thrown away, then as many as are wanted, the first side first in every other.</summary>
    private static async Task TurnsAsync(Side first, Side second, Load load, int rounds)
    {
        Console.WriteLine($"| round | prompt: {first.Name} | {second.Name} | ratio | one by one: {first.Name} | "
            + $"{second.Name} | ratio |\n| --: | --: | --: | --: | --: | --: | --: |");
        var all = new List<(double, double, double, double)>();
        for (var round = 0; round <= rounds; round++)
        {
            var isFirst = round % 2 == 0;
            var one = await (isFirst ? first : second).RunAsync(load);
            var other = await (isFirst ? second : first).RunAsync(load);
            var (a, b) = isFirst ? (one, other) : (other, one);
            if (round == 0) continue;
            all.Add((a.Prompts, b.Prompts, a.Texts, b.Texts));
            Row($"{round}", a.Prompts, b.Prompts, b.Prompts / a.Prompts, a.Texts, b.Texts, b.Texts / a.Texts);
        }
        Row("median", Median(all, one => one.Item1), Median(all, one => one.Item2),
            Median(all, one => one.Item2 / one.Item1), Median(all, one => one.Item3), Median(all, one => one.Item4),
            Median(all, one => one.Item4 / one.Item3));
        Console.WriteLine();

        static void Row(string name, double a, double b, double ab, double c, double d, double cd) => Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {a:F0} | {b:F0} | {ab:F2} | {c:F1} | {d:F1} | {cd:F2} |"));

        static double Median<T>(List<T> values, Func<T, double> of) =>
            values.Select(of).Order().ElementAt(values.Count / 2);
    }

    private static async Task TellAsync(ClusterMonitor monitor)
    {
        foreach (var worker in await monitor.StatusAsync(CancellationToken.None))
            foreach (var one in worker.Status?.Operations ?? [])
                if (one.Scope == "stage")
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"rank {worker.Status!.Rank}: {one.Count} sums, p50 {one.Total.P50:F0} us, of it waiting "
                        + $"{one.Wait.P50:F0}, moving {one.Transfer.P50:F0}; p95 {one.Total.P95:F0}"));
    }

    /// <summary>A cluster that is given the next step when the one before is over.</summary>
    private sealed class OneAtATime(IExecutor inner) : IExecutor
    {
        public ExecutorShape Shape { get; } = inner.Shape with { StepsInFlight = 1 };

        public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation) =>
            inner.ExecuteAsync(batch, cancellation);
    }
}
