using System.Globalization;

namespace Minka.Engine.KvCache;

/// <summary>What the size of the KV cache depends on.</summary>
/// <param name="MemoryLimit">Bytes this process may use: the machine's, or its cgroup's if that is less.</param>
/// <param name="WeightBytes">The model's weights.</param>
/// <param name="ScratchBytes">Activations and logits of the largest step.</param>
/// <param name="BlockBytes">One block of 16 positions over all layers, of a model that guesses too.</param>
/// <param name="ModelContext">Positions the model was made for.</param>
/// <param name="Sequences">Sequences that run at once (<c>--max-num-seqs</c>).</param>
/// <param name="Context">Positions of the longest sequence (<c>--ctx</c>); 0 takes the model's, or what fits.</param>
/// <param name="KvMemory">Bytes for the cache (<c>--kv-memory</c>); 0 takes what is needed, or what is left.</param>
/// <param name="DraftWeightBytes">Weights of a smaller model that guesses; 0 without one.</param>
public sealed record KvDemand(
    long MemoryLimit, long WeightBytes, long ScratchBytes, long BlockBytes, int ModelContext, int Sequences,
    int Context = 0, long KvMemory = 0, long DraftWeightBytes = 0);

/// <summary>The size of the KV cache: decided once, at the start, so that memory never runs out later.</summary>
/// <param name="Blocks">Blocks of 16 positions.</param>
/// <param name="Context">Positions of the longest sequence.</param>
/// <param name="Explanation">The arithmetic, line by line, for people.</param>
public sealed record KvBudget(int Blocks, int Context, IReadOnlyList<string> Explanation)
{
    /// <summary>Of the memory limit, what is left to the runtime, buffers and other processes.</summary>
    public const double ReservedShare = 0.1;

    // Less than this is no context worth serving: a model that leaves no more does not fit.
    private const int ContextMin = 256;

    /// <summary>Decides.</summary>
    /// <exception cref="ArgumentException">The context does not fit the model or the memory.</exception>
    public static KvBudget Of(KvDemand demand)
    {
        if (demand.Context > demand.ModelContext)
            throw new ArgumentException($"--ctx is {demand.Context:N0}; the model was made for "
                + $"{demand.ModelContext:N0} positions. Lower --ctx.");
        var reserved = (long)(demand.MemoryLimit * ReservedShare);
        var left = demand.MemoryLimit - reserved - demand.WeightBytes - demand.DraftWeightBytes - demand.ScratchBytes;
        var offered = demand.KvMemory > 0 ? demand.KvMemory : left;
        if (demand.KvMemory > 0 && demand.KvMemory > left + reserved)
            throw new ArgumentException($"--kv-memory is {Size(demand.KvMemory)}; {Size(Math.Max(0, left + reserved))} "
                + $"of {Size(demand.MemoryLimit)} are left beside weights of {Size(demand.WeightBytes)}. Lower it.");

        var affordable = (int)Math.Clamp(offered / demand.BlockBytes, 0, int.MaxValue / 32);
        var context = ContextOf(demand, affordable, offered);
        var wanted = (long)SequenceBlocks.For(context) * demand.Sequences;
        var blocks = demand.KvMemory > 0 ? affordable : (int)Math.Min(affordable, wanted);
        return new(blocks, context, Explain(demand, reserved, left, blocks, context, wanted));
    }

    private static int ContextOf(KvDemand demand, int affordable, long offered)
    {
        var context = demand.Context > 0 ? demand.Context : demand.ModelContext;
        var needed = SequenceBlocks.For(context);
        if (needed <= affordable) return context;

        var fits = affordable * Models.ForwardInput.BlockTokens;
        var way = fits > 0 ? $"Lower --ctx to {fits:N0}" : "Take a smaller model";
        if (demand.Context == 0 && fits >= Math.Min(ContextMin, demand.ModelContext)) return fits;
        throw new ArgumentException($"A context of {context:N0} positions needs {needed:N0} KV blocks of "
            + $"{Size(demand.BlockBytes)}, {Size(needed * demand.BlockBytes)} in all; {Size(Math.Max(0, offered))} are "
            + $"left of {Size(demand.MemoryLimit)}. "
            + $"{way}, or give more memory.");
    }

    private static List<string> Explain(
        KvDemand demand, long reserved, long left, int blocks, int context, long wanted)
    {
        var asked = demand.KvMemory > 0;
        List<string> lines =
        [
            Line("memory limit", demand.MemoryLimit),
            Line($"- {ReservedShare:P0} for everything else", reserved),
            Line("- weights", demand.WeightBytes),
            Line("- activations and logits", demand.ScratchBytes),
            Line("= left for keys and values", Math.Max(0, left)),
            Line("a block of 16 positions", demand.BlockBytes),
        ];
        if (demand.DraftWeightBytes > 0)
            lines.Insert(3, Line("- weights of the draft model", demand.DraftWeightBytes));
        if (asked) lines.Add(Line("--kv-memory", demand.KvMemory));
        lines.Add(Line($"{blocks:N0} blocks", blocks * demand.BlockBytes));
        var whole = blocks / SequenceBlocks.For(context);
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"context {context:N0}")
            + (demand.Context == 0 && context < demand.ModelContext ? " (all that fits)" : "")
            + (blocks >= wanted
                ? $": room for {Plural(demand.Sequences)} of that length"
                : $": room for {Plural(whole)} of that length; {demand.Sequences} run at once while they are shorter"));
        return lines;
    }

    private static string Plural(int sequences) => sequences == 1 ? "1 sequence" : $"{sequences:N0} sequences";

    private static string Line(string what, long bytes) => $"{what,-28}{Size(bytes),12}";

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F2} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB"),
    };
}
