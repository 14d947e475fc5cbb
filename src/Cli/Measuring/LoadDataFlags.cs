using System.CommandLine;
using Minka.Cli.Options;
using Minka.LoadTest.Workloads;

namespace Minka.Cli.Measuring;

/// <summary>What is asked, and how that is described.</summary>
/// <param name="Draw">So many requests, by a seed.</param>
/// <param name="Description">For people.</param>
/// <param name="IsLengthGiven">Lengths are the data set's: answers are asked for in full.</param>
/// <param name="NeedsRuler">Prompts are written by length.</param>
/// <param name="Recorded">When requests were recorded, s; empty where there are no times.</param>
internal sealed record LoadData(
    Func<int, int, IReadOnlyList<RequestShape>> Draw, string Description, bool IsLengthGiven, bool NeedsRuler,
    IReadOnlyList<double> Recorded);

/// <summary>The options of the data set; vLLM's names.</summary>
internal sealed class LoadDataFlags
{
    private enum DataSet
    {
        Random,
        ShareGpt,
        Custom,
        Trace,
    }

    private const int PromptTokensByDefault = 256;
    private const int OutputTokensByDefault = 128;

    private readonly Option<DataSet?> _name = Flag.Choice<DataSet>(["--dataset-name"],
        [("random", DataSet.Random), ("sharegpt", DataSet.ShareGpt), ("custom", DataSet.Custom),
         ("trace", DataSet.Trace)],
        "Lengths by chance, people's prompts, or recorded lengths (default: random).");

    private readonly Option<string?> _path = Flag.Text(["--dataset-path"], "FILE", "File of the data set.");

    private readonly Option<int?> _requests = Flag.Number(["--num-prompts"], "N", 1, 10_000_000,
        "Requests of each level (default: 100).");

    private readonly Option<int?> _perUser = Flag.Number(["--prompts-per-user"], "N", 1, 1_000_000,
        "In a closed loop, requests for each user instead.");

    private readonly Option<int?> _input = Flag.Number(["--random-input-len", "--input-len"], "N", 1, 1 << 24,
        "Tokens of a prompt (default: 256).");

    private readonly Option<int?> _output = Flag.Number(["--random-output-len", "--output-len"], "N", 1, 1 << 24,
        "Tokens of an answer (default: 128; of sharegpt the recorded ones).");

    private readonly Option<double?> _range = Flag.Number(["--random-range-ratio"], "R", 0.0, 0.999,
        "Lengths vary by that share on both sides (default: 0).");

    private readonly Option<int?> _prefix = Flag.Number(["--random-prefix-len"], "N", 0, 1 << 24,
        "Tokens in common before each prompt (default: 0).");

    private readonly Option<int?> _total = Flag.Number(["--max-total-len"], "N", 2, 1 << 25,
        "Leave out recorded requests with more tokens.");

    private readonly Option<int?> _seed = Flag.Number(["--seed"], "N", 0, int.MaxValue, "Of chance (default: 0).");

    private readonly Option<int?> _warmups = Flag.Number(["--num-warmups"], "N", 0, 100_000,
        "Requests before each level that do not count (default: 0).");

    /// <summary>For the help.</summary>
    public OptionGroup Group => new("Data set",
        [_name, _path, _requests, _perUser, _input, _output, _range, _prefix, _total, _seed, _warmups]);

    /// <summary>Requests of a level.</summary>
    public int Requests(ParseResult parse) => parse.GetValue(_requests) ?? 100;

    /// <summary>Requests of each user, if that was said.</summary>
    public int? RequestsPerUser(ParseResult parse) => parse.GetValue(_perUser);

    /// <summary>Of chance.</summary>
    public int Seed(ParseResult parse) => parse.GetValue(_seed) ?? 0;

    /// <summary>Requests that do not count.</summary>
    public int Warmups(ParseResult parse) => parse.GetValue(_warmups) ?? 0;

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">A file is needed or not taken.</exception>
    public LoadData Read(ParseResult parse)
    {
        var path = parse.GetValue(_path);
        var name = parse.GetValue(_name) ?? DataSet.Random;
        var output = parse.GetValue(_output);
        if (name == DataSet.Random && path is not null)
            throw new UsageException("--dataset-path needs --dataset-name sharegpt, custom or trace.");
        if (name == DataSet.Random) return Random(parse, output ?? OutputTokensByDefault);
        if (path is null) throw new UsageException("This data set is a file; name it with --dataset-path.");
        var file = Path.GetFileName(path);
        return name switch
        {
            DataSet.ShareGpt => new((count, seed) => PromptFile.ReadShareGpt(path, count, output, seed),
                $"ShareGPT prompts of {file}", false, false, []),
            DataSet.Custom => new((count, _) => PromptFile.ReadLines(path, count, output ?? OutputTokensByDefault),
                $"prompts of {file}", false, false, []),
            _ => Trace(parse, path, file),
        };
    }

    private LoadData Random(ParseResult parse, int outputTokens)
    {
        var lengths = new RandomLengths(parse.GetValue(_input) ?? PromptTokensByDefault, outputTokens,
            parse.GetValue(_range) ?? 0, parse.GetValue(_prefix) ?? 0);
        var spread = lengths.RangeRatio > 0 ? FormattableString.Invariant($" ± {lengths.RangeRatio * 100:0.#} %") : "";
        var shared = lengths.SharedTokens > 0 ? FormattableString.Invariant($", {lengths.SharedTokens} in common") : "";
        return new(lengths.Draw, FormattableString.Invariant(
            $"random words, {lengths.PromptTokens} tokens in, {lengths.OutputTokens} out{spread}{shared}"),
            true, true, []);
    }

    private LoadData Trace(ParseResult parse, string path, string file)
    {
        var all = TraceFile.Read(path, parse.GetValue(_requests) ?? 100, parse.GetValue(_total) ?? int.MaxValue);
        var times = all.All(shape => shape.At is not null) ? all.Select(shape => shape.At!.Value).ToList() : [];
        var (input, output) = (all.Average(shape => shape.PromptTokens), all.Average(shape => shape.OutputTokens));
        return new((count, _) => [.. Enumerable.Range(0, count).Select(i => all[i % all.Count])],
            FormattableString.Invariant($"lengths of {file}, {input:0} tokens in and {output:0} out on the mean"),
            true, true, times);
    }
}
