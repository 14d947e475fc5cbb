using System.Globalization;
using Minka.Cli.Screen;
using Minka.Plan;

namespace Minka.Cli.Machines;

/// <summary>Who runs what, and the memory it takes.</summary>
internal static class PlanTable
{
    /// <summary>For people.</summary>
    public static void Write(Terminal terminal, ClusterPlan plan)
    {
        var model = plan.Model;
        terminal.Out.WriteLine($"{model.Name}: {model.Layers} layers of width {model.Width}, {model.Heads} heads, "
            + $"{model.KvHeads} for keys and values{(model.Experts > 0 ? $", {model.Experts} experts" : "")}; "
            + $"{Mib(model.WeightBytes())} MiB of weights");
        foreach (var replica in plan.Replicas)
        {
            var (hidden, kv) = (replica.Collectives.Hidden, replica.Kv);
            terminal.Out.WriteLine($"replica {replica.Name}: root on {replica.Root}; sums {Word(hidden.Algorithm)} in "
                + $"{Word(hidden.Wire)}, between stages {Word(replica.Collectives.Boundary)}; cache of {kv.Tokens} "
                + $"tokens in {Word(kv.Type)}");
            Ranks(plan, replica).Write(terminal.Tables());
        }
        foreach (var (node, memory) in Nodes(plan))
            terminal.Out.WriteLine($"{node} needs {Mib(memory.Total)} MiB: weights {Mib(memory.Weights)}, KV cache "
                + $"{Mib(memory.Kv)}, program and buffers {Mib(memory.Working)}");
    }

    /// <summary>One object for a program.</summary>
    public static string ForPrograms(ClusterPlan plan, IReadOnlyList<PlanViolation> violations) =>
        Json.WriteObject(json =>
        {
            json.WriteBoolean("is_valid", violations.Count == 0);
            json.WriteStartArray("violations");
            foreach (var violation in violations)
            {
                json.WriteStartObject();
                json.WriteString("where", violation.Where);
                json.WriteString("sentence", violation.Sentence);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("model", plan.Model.Name);
            json.WriteString("hash", PlanJson.Hash(plan));
            json.WriteStartArray("nodes");
            // The arithmetic of a plan that is wrong is wrong too.
            foreach (var (node, memory) in violations.Count == 0 ? Nodes(plan) : [])
            {
                json.WriteStartObject();
                json.WriteString("node", node);
                json.WriteNumber("weight_bytes", memory.Weights);
                json.WriteNumber("kv_bytes", memory.Kv);
                json.WriteNumber("working_bytes", memory.Working);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }, isIndented: true);

    private static NumberTable Ranks(ClusterPlan plan, ReplicaPlan replica)
    {
        var table = new NumberTable(["stage", "layers", "rank", "address"],
            [.. Columns(plan.Model), "vocabulary", "weights MiB", "KV MiB"]);
        for (var stage = 0; stage < replica.Stages.Count; stage++)
            foreach (var rank in replica.Stages[stage].Ranks)
            {
                var memory = PlanMemory.Of(plan.Model, replica, stage, rank);
                table.Add([
                    $"{stage}", Range(replica.Stages[stage].Layers), $"{rank.Rank}", rank.Address,
                    .. Cells(plan.Model, rank), Range(rank.Vocabulary), Mib(memory.Weights), Mib(memory.Kv),
                ]);
            }
        return table;
    }

    /// <summary>A model of experts alone has no feed-forward to show, and a dense one no experts.</summary>
    private static IEnumerable<string> Columns(ModelShape model)
    {
        yield return "heads";
        yield return "KV heads";
        if (model.FeedForwardWidth > 0) yield return "feed-forward";
        if (model.Experts > 0) yield return "experts";
    }

    private static IEnumerable<string> Cells(ModelShape model, RankPlan rank)
    {
        yield return Range(rank.Heads);
        yield return Range(rank.KvHeads);
        if (model.FeedForwardWidth > 0) yield return Range(rank.FeedForward);
        if (model.Experts > 0) yield return Range(rank.Experts);
    }

    /// <summary>Machines in the order of their first ranks, with what all their ranks need together.</summary>
    private static IEnumerable<(string Node, RankMemory Memory)> Nodes(ClusterPlan plan) =>
        from replica in plan.Replicas
        from stage in replica.Stages.Index()
        from rank in stage.Item.Ranks
        group PlanMemory.Of(plan.Model, replica, stage.Index, rank) by rank.Node into node
        select (node.Key, node.Aggregate((sum, one) =>
            new RankMemory(sum.Weights + one.Weights, sum.Kv + one.Kv, sum.Working + one.Working)));

    private static string Range(IndexRange range) => range.IsEmpty ? "-" : $"{range.Start}-{range.End - 1}";

    private static string Mib(long bytes) => (bytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture);

    /// <summary>A choice as it is written in plans.</summary>
    public static string Word<T>(T choice) where T : struct, Enum => choice switch
    {
        CollectiveAlgorithm.OneShot => "one-shot",
        CollectiveAlgorithm.TwoShot => "two-shot",
        _ => choice.ToString().ToLowerInvariant(),
    };
}
