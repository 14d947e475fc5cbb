using System.CommandLine;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Cli.Options;

/// <summary>Which model, and how it is held and run.</summary>
/// <param name="Name">Path, folder or alias.</param>
/// <param name="TokenizerPath">A tokenizer beside the model's own, needed by distributed-llama files.</param>
/// <param name="Threads">Compute threads; null for as many as there are cores to use.</param>
/// <param name="Context">Positions to make room for; 0 for the model's own, null for what the verb needs.</param>
/// <param name="Compute">Activations as floats or as 8-bit blocks; null for the backend's choice.</param>
/// <param name="Weights">Format to pack the weights in; null keeps the file's.</param>
/// <param name="Kv">Format of the KV cache; null for the default.</param>
internal sealed record ModelChoice(
    string Name, string? TokenizerPath, int? Threads, int? Context, ComputeMode? Compute, DType? Weights, DType? Kv)
{
    /// <summary>The machines that run it; null for this one alone.</summary>
    public ClusterChoice? Cluster { get; init; }

    /// <summary>Who guesses tokens ahead; null for nobody.</summary>
    public DraftChoice? Draft { get; init; }

    /// <summary>What computes it on this machine.</summary>
    public CpuOptions Backend => new() { Threads = Threads ?? 0, Reference = Compute == ComputeMode.F32 };

    /// <summary>The model that ships with the program, as it is.</summary>
    public static ModelChoice BuiltIn => new(ModelLocator.BuiltIn, null, null, null, null, null, null);
}

/// <summary>How matrix products are computed.</summary>
internal enum ComputeMode
{
    /// <summary>Activations stay floats: the reference.</summary>
    F32,

    /// <summary>Activations in blocks of 8-bit integers: fast.</summary>
    Int8,
}

/// <summary>The options every verb that loads a model shares.</summary>
/// <param name="isThreadsList">The verb runs once for each of several numbers of threads.</param>
/// <param name="takesSeveral">The verb holds several models at once.</param>
/// <param name="context">What the context is to the verb; null for the usual.</param>
internal sealed class ModelFlags(bool isThreadsList = false, bool takesSeveral = false, string? context = null)
{
    private readonly Option<string?> _model = Flag.Text(["--model", "-m"], "MODEL",
        "A file, a folder or minka-tiny, the built-in (default).");

    private readonly Option<string[]> _models = Flag.Texts(["--model", "-m"], "MODEL",
        "A file, a folder or minka-tiny; give it once for each.");

    private readonly Option<string?> _tokenizer = Flag.Text(["--tokenizer"], "FILE",
        "Tokenizer, where a .m file's .t does not lie beside it.");

    private readonly Option<int?> _threads = Flag.Number(["--threads", "-t"], "N", 1, 1024,
        "Compute threads (default: one per core).");

    private readonly Option<IReadOnlyList<int>?> _threadCounts = Flag.Numbers(["--threads", "-t"], "N,N", 1, 1024,
        "Compute threads, a run for each (default: one per core).");

    private readonly Option<int?> _context = Flag.Number(
        ["--ctx", "-c", "--ctx-size", "--context", "--max-model-len"], "N", 0, int.MaxValue,
        context ?? "Context, up to the model's own; 0 is all of that (default: at most 4096).");

    private readonly Option<ComputeMode?> _compute = Flag.Choice<ComputeMode>(["--compute"],
        [("int8", ComputeMode.Int8), ("f32", ComputeMode.F32)],
        "int8 activations (fast, default) or f32 throughout.");

    private readonly Option<DType?> _quantize = Flag.Choice<DType>(["--quantize"],
        [("q8_0", DType.Q8_0), ("q4_0", DType.Q4_0)], "Quantise the weights while loading.");

    private readonly Option<DType?> _kv = Flag.Choice<DType>(["--kv-type"],
        [("f16", DType.F16), ("f32", DType.F32), ("q8_0", DType.Q8_0)], "Format of the KV cache (default: f16).");

    private readonly ClusterFlags _cluster = new();

    /// <summary>Everything, for verbs that run a model.</summary>
    public OptionGroup Group => new("Model", isThreadsList
        ? [_model, _tokenizer, _threadCounts, _compute, _quantize, _kv]
        : [takesSeveral ? _models : _model, _tokenizer, _threads, _context, _compute, _quantize, _kv]);

    /// <summary>Where it runs, for verbs that measure a model.</summary>
    public OptionGroup Machines => _cluster.Group(ends: true, recovers: false);

    /// <summary>Where it runs, for verbs whose answers outlive the loss of a machine.</summary>
    public OptionGroup AnsweringMachines => _cluster.Group(ends: true, recovers: true);

    /// <summary>Where it runs, for a server: who watches one has other means than a report at its end.</summary>
    public OptionGroup ServingMachines => _cluster.Group(ends: false, recovers: true);

    /// <summary>How it is cut, for verbs that only plan.</summary>
    public OptionGroup Cuts => new("Cut", _cluster.Cuts);

    /// <summary>What of it a plan depends on.</summary>
    public OptionGroup Planned => new("Model", [_model, _tokenizer, _context, _compute, _quantize, _kv]);

    /// <summary>For verbs that only look into its files.</summary>
    public OptionGroup Files => new("Model", [_model, _tokenizer]);

    /// <summary>A model as an argument.</summary>
    public static Argument<string?> Argument() => new("model")
    {
        HelpName = "MODEL",
        Description = "A file, a folder or minka-tiny, the built-in (default).",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>What was asked for; <paramref name="argument"/> is a model named without <c>-m</c>.</summary>
    /// <exception cref="UsageException">The model is named twice.</exception>
    public ModelChoice Read(ParseResult parse, string? argument)
    {
        var named = parse.GetValue(_model);
        if (named is not null && argument is not null)
            throw new UsageException($"The model is named twice, '{argument}' and -m '{named}'; name it once.");
        var tokenizer = parse.GetValue(_tokenizer);
        if (tokenizer is not null && !Path.Exists(tokenizer))
            throw new UsageException($"There is no tokenizer '{tokenizer}': no file or folder of that name.");
        return new ModelChoice(
            named ?? argument ?? ModelLocator.BuiltIn, tokenizer, parse.GetValue(_threads),
            parse.GetValue(_context), parse.GetValue(_compute), parse.GetValue(_quantize), parse.GetValue(_kv))
        {
            Cluster = _cluster.Read(parse),
        };
    }

    /// <summary>Every model that was named, the argument first; the built-in one if none was.</summary>
    /// <exception cref="UsageException">One is named twice, or several share what only one can have.</exception>
    public IReadOnlyList<ModelChoice> ReadAll(ParseResult parse, string? argument)
    {
        List<string> names = [.. parse.GetValue(_models) ?? []];
        if (argument is not null) names.Insert(0, argument);
        if (names.Count == 0) names.Add(ModelLocator.BuiltIn);
        if (names.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new UsageException($"The model '{twice.Key}' is named twice; name it once.");
        var first = Read(parse, names[0]);
        if (names.Count > 1 && (first.TokenizerPath ?? first.Cluster?.ToString()) is not null)
            throw new UsageException($"--tokenizer and --workers are of one model; {names.Count} are named.");
        return [.. names.Select(name => first with { Name = name })];
    }

    /// <summary>The numbers of threads to run with; null stands for the default.</summary>
    public IReadOnlyList<int?> ThreadCounts(ParseResult parse) =>
        parse.GetValue(_threadCounts) is { } counts ? [.. counts.Select(count => (int?)count)] : [null];

    /// <summary>A model was named with <c>-m</c>.</summary>
    public bool IsNamed(ParseResult parse) => Named(parse) is not null;

    /// <summary>The model named with <c>-m</c>; null for none.</summary>
    public string? Named(ParseResult parse) => parse.GetValue(_model);
}
