using Minka.LoadTest.Workloads;

namespace Minka.LoadTest.Tests.Workloads;

/// <summary>Recorded requests, whatever recorded them.</summary>
public sealed class TraceFileTests
{
    private static readonly string _traces = Path.Combine(SourceTree.Shared, "traces");

    [Fact]
    public void Azure_writes_dates() => Assert.Equal([(4808, 10, 0.0), (3180, 8, 0.052)], Read(
        "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
        + "2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,3180,8\r\n"));

    [Fact]
    public void Vidur_writes_seconds() => Assert.Equal([(374, 44, 0.0), (396, 109, 4.314579)], Read(
        "arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,374,44\n4.314579,396,109\n"));

    [Fact]
    public void Lengths_may_stand_alone()
    {
        var shape = Assert.Single(Shapes("input_tokens,output_tokens\n6,34\n", int.MaxValue));

        Assert.Equal((6, 34, null), (shape.PromptTokens, shape.OutputTokens, shape.At));
    }

    [Fact]
    public void Mooncake_writes_milliseconds_and_what_requests_share()
    {
        var shapes = Shapes(
            """
            {"timestamp": 0, "input_length": 700, "output_length": 5, "hash_ids": [0, 1]}
            {"timestamp": 2500, "input_length": 600, "output_length": 6, "hash_ids": [0, 2]}

            """, int.MaxValue);

        Assert.Equal([0, 2.5], shapes.Select(shape => shape.At ?? -1));
        Assert.Equal([0, 2], shapes[1].Blocks);
    }

    [Fact]
    public void Requests_that_are_too_long_or_empty_are_left_out() => Assert.Equal([5, 7],
        Shapes("input_tokens,output_tokens\n5,5\n90,20\n0,5\n5,0\n7,7\n", 100).Select(shape => shape.PromptTokens));

    [Theory]
    [InlineData("a,b\n1,2\n", "begins with 'a,b'")]
    [InlineData("", "begins with ''")]
    [InlineData("input_tokens,output_tokens\n", "holds no request")]
    [InlineData("input_tokens,output_tokens\n5\n", "line 2 has 1 columns; its head has 2")]
    [InlineData("input_tokens,output_tokens\n5,many\n", "line 2 has the length 'many'")]
    [InlineData("input_tokens,output_tokens\n-5,1\n", "line 2 has the length '-5'")]
    [InlineData("input_tokens,output_tokens\n99999999999,1\n", "line 2 has the length '99999999999'")]
    [InlineData("arrived_at,input_tokens,output_tokens\nnoon-ish,5,1\n", "line 2 has the time 'noon-ish'")]
    [InlineData("{\"timestamp\":1}\n", "line 1 is '{\"timestamp\":1}'")]
    [InlineData("{oops\n", "line 1 is '{oops'")]
    public void What_is_no_trace_says_what_it_is(string text, string part) => Assert.Contains(part,
        Assert.Throws<LoadTestException>(() => Shapes(text, int.MaxValue)).Message, StringComparison.Ordinal);

    [Theory, MemberData(nameof(SharedTraces))]
    public void Shared_traces_are_read(string file)
    {
        if (file.Length == 0) Assert.Skip($"There is no folder {_traces}; MINKA_SHARED names another.");

        var shapes = TraceFile.Read(Path.Combine(_traces, file), int.MaxValue, int.MaxValue);

        var lines = File.ReadLines(Path.Combine(_traces, file)).Count(line => line.Length > 0);
        Assert.InRange(shapes.Count, lines * 0.98, lines);
        Assert.All(shapes, shape => Assert.True(shape is { PromptTokens: > 0, OutputTokens: > 0 }));
        var times = shapes.Select(shape => shape.At).ToList();
        Assert.True(times.All(at => at is null) || times.All(at => at is not null));
    }

    public static TheoryData<string> SharedTraces() => Directory.Exists(_traces)
        ? [.. Directory.GetFiles(_traces).Where(file => file.EndsWith(".csv", StringComparison.Ordinal)
            || file.EndsWith(".jsonl", StringComparison.Ordinal)).Select(file => Path.GetFileName(file)!).Order()]
        : [""];

    private static IEnumerable<(int, int, double)> Read(string text)
    {
        var shapes = Shapes(text, int.MaxValue);
        return shapes.Select(shape =>
            (shape.PromptTokens, shape.OutputTokens, Math.Round(shape.At!.Value - shapes[0].At!.Value, 6)));
    }

    private static IReadOnlyList<RequestShape> Shapes(string text, int totalMax)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("minka-trace").FullName, "trace");
        File.WriteAllText(path, text);
        return TraceFile.Read(path, int.MaxValue, totalMax);
    }
}
