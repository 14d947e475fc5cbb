using System.Globalization;
using System.Text;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests.Scheduling;

/// <summary>Runs a scenario file: commands in, decisions out.</summary>
/// <remarks>
/// A file is a list of paragraphs: comments (#), commands, a line of dashes, and what the scheduler did.
/// <code>
/// options blocks=4 sequences=2 tokens=32      a new scheduler
/// add a prompt=0..31,7 max=4 n=2 class=0 key=k salt=s deadline=9
/// step 2       cancel a       pause a       resume a       draft a 3 lie=1       lose       at 9
/// </code>
/// With <c>flights=2</c> what stands after a | is in flight while the step before it is committed.
/// </remarks>
internal sealed class Scenario
{
    private readonly Dictionary<string, Sequence[]> _requests = [];
    private readonly StringBuilder _output = new();
    private SchedulerWorld _world = null!;
    private string _like = "";
    private int _more;

    /// <summary>The file with every paragraph's output as it is now.</summary>
    public static string Replay(string text)
    {
        var scenario = new Scenario();
        var result = new StringBuilder();
        foreach (var paragraph in text.Replace("\r", "", StringComparison.Ordinal).Trim().Split("\n\n"))
        {
            var lines = paragraph.Split('\n').TakeWhile(line => line != "----").ToArray();
            scenario._output.Clear();
            scenario._like = "";
            foreach (var line in lines) if (line is not "" && line[0] != '#') scenario.Run(line);
            scenario.FlushMore();
            result.AppendJoin('\n', lines).Append('\n');
            if (scenario._output.Length > 0) result.Append("----\n").Append(scenario._output);
            result.Append('\n');
        }
        return result.ToString().TrimEnd() + "\n";
    }

    private void Run(string command)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var options = words.Where(word => word.Contains('=', StringComparison.Ordinal))
            .ToDictionary(word => word[..word.IndexOf('=', StringComparison.Ordinal)],
                word => word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        int Number(string name, int otherwise) => options.TryGetValue(name, out var value) ? Parse(value) : otherwise;
        switch (words[0])
        {
            case "options": Start(Number); break;
            case "add": Add(words[1], options, Number); break;
            case "step": for (var i = 0; i < (words.Length > 1 ? Parse(words[1]) : 1); i++) Step(false); break;
            case "lose": Step(true); break;
            case "drain": while (!_world.Scheduler.IsIdle) Step(false); break;
            case "cancel": foreach (var sequence in Find(words[1])) _world.Cancel(sequence); break;
            case "pause": foreach (var sequence in Find(words[1])) _world.Pause(sequence); break;
            case "resume": foreach (var sequence in Find(words[1])) _world.Scheduler.Resume(sequence); break;
            case "draft": _world.Draft(Find(words[1])[0], Parse(words[2]), Number("lie", int.MaxValue)); break;
            case "at": _world.Now = TimeSpan.FromSeconds(Parse(words[1])); break;
            default: throw new InvalidDataException($"No command is called {words[0]}.");
        }
    }

    private void Start(Func<string, int, int> number)
    {
        _requests.Clear();
        var sequences = number("sequences", 8);
        _world = new(
            new()
            {
                SequencesMax = sequences,
                TokensPerStepMax = number("tokens", 32),
                ChunkTokensMax = number("chunk", int.MaxValue),
                LogitRowsMax = number("rows", sequences),
                ContextMax = number("context", 1024),
                PreemptionsMax = number("preemptions", 2),
                FairnessQuantum = number("quantum", 32),
                PartialPromptsMax = number("partial", 2),
                PrefixCaching = number("caching", 1) == 1,
                StepsInFlight = number("flights", 1),
                SharedLengthMax = number("sharedlength", int.MaxValue),
            },
            number("blocks", 64));
    }

    private void Add(string name, Dictionary<string, string> options, Func<string, int, int> number)
    {
        var request = new GenerationRequest
        {
            Prompt = Tokens(options["prompt"]).ToArray(),
            TokensMax = number("max", 100),
            Choices = number("n", 1),
            Priority = number("class", 0),
            Key = options.GetValueOrDefault("key", ""),
            CacheSalt = options.GetValueOrDefault("salt", ""),
        };
        var deadline = number("deadline", 0);
        _requests.Add(name, _world.Add(request, deadline == 0 ? null : TimeSpan.FromSeconds(deadline)));
    }

    private void Step(bool isLost)
    {
        var before = _world.Live.ToDictionary(sequence => sequence, sequence => sequence.Preemptions);
        var batch = _world.Step(isLost);
        List<string> words = [];
        var like = $"{_world.Scheduler.UsedBlocks}";
        foreach (var chunk in batch.Chunks) like += chunk.Count == 1 ? NameOf(chunk.Sequence) : "many";
        AddWords(words, batch);
        foreach (var flight in _world.Flights)
        {
            words.Add("|");
            AddWords(words, flight);
            like += "|" + string.Concat(flight.Chunks.ToArray().Select(chunk => NameOf(chunk.Sequence)));
        }
        var eventless = batch.Copies.IsEmpty && before.All(pair =>
            pair.Key.Preemptions == pair.Value && pair.Key.State != SequenceState.Ended);
        if (!isLost && eventless && like == _like)
        {
            _more++;
            return;
        }
        FlushMore();
        _like = eventless ? like : "";
        _output.Append(isLost ? "lost  " : "step  ").AppendJoin(' ', words).Append(batch.IsEmpty ? "nothing" : "")
            .Append(CultureInfo.InvariantCulture, $"   used {_world.Scheduler.UsedBlocks}");
        foreach (var (sequence, preemptions) in before)
        {
            if (sequence.Preemptions > preemptions) _output.Append($"   preempted {NameOf(sequence)}");
            if (sequence.State == SequenceState.Ended)
                _output.Append(CultureInfo.InvariantCulture,
                    $"   {NameOf(sequence)} ends: {sequence.Finish}, {sequence.Generated} tokens");
        }
        _output.Append('\n');
    }

    private void AddWords(List<string> words, Batch batch)
    {
        foreach (var chunk in batch.Chunks)
            words.Add($"{NameOf(chunk.Sequence)}[{chunk.Start},{chunk.Start + chunk.Count})"
                + (chunk.SampleRows > 1 ? $"?{chunk.SampleRows - 1}" : ""));
        foreach (var copy in batch.Copies) words.Add($"copy {copy.Source}>{copy.Target}");
    }

    /// <summary>Steps that are like the one before are counted, not shown.</summary>
    private void FlushMore()
    {
        if (_more > 0) _output.Append(CultureInfo.InvariantCulture, $"      and {_more} like it\n");
        _more = 0;
    }

    /// <summary>The choices of a request, or one of them: <c>a.0</c>.</summary>
    private Sequence[] Find(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? _requests[name] : [_requests[name[..dot]][Parse(name[(dot + 1)..])]];
    }

    private string NameOf(Sequence sequence)
    {
        var (name, choices) = _requests.First(request => request.Value.Contains(sequence));
        return choices.Length == 1 ? name : $"{name}.{sequence.Choice}";
    }

    /// <summary>Ids, ranges of ids, and names of requests, for all the tokens they came to know.</summary>
    private IEnumerable<int> Tokens(string text) => text.Split(',').SelectMany(part =>
    {
        if (_requests.TryGetValue(part, out var request)) return request[0].Tokens.ToArray();
        var ends = part.Split("..");
        return Enumerable.Range(Parse(ends[0]), Parse(ends[^1]) - Parse(ends[0]) + 1);
    });

    private static int Parse(string number) => int.Parse(number, CultureInfo.InvariantCulture);
}
