using System.Text.Json;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary>The other verbs, on the built-in model.</summary>
public sealed class VerbTests
{
    [Fact]
    public async Task Tokens_and_back_is_the_same_text()
    {
        const string text = "Grüße, 世界! 12 + 30\n\ttabs";

        var ids = await MinkaAsync(["tokenize"], text);
        var back = await MinkaAsync(["detokenize"], ids.Out);

        Assert.Equal((0, text + "\n", ""), back);
    }

    [Fact]
    public async Task Special_tokens_are_read_unless_told_otherwise()
    {
        Assert.Equal("2\n", (await MinkaAsync(["tokenize", "<|im_end|>"])).Out);
        Assert.NotEqual("2\n", (await MinkaAsync(["tokenize", "<|im_end|>", "--no-parse-special"])).Out);
    }

    [Fact]
    public async Task Pieces_stand_a_line_each() => Assert.Equal(
        "1005\tHello\n227\t \n23\t1\n205\t\\n\n", (await MinkaAsync(["tokenize", "--pieces", "Hello 1\n"])).Out);

    [Fact]
    public async Task Programs_get_tokens_and_text_as_json()
    {
        Assert.Equal("""{"count":3,"ids":[1005,227,23],"texts":["Hello"," ","1"]}""" + "\n",
            (await MinkaAsync(["tokenize", "--json", "Hello 1"])).Out);
        Assert.Equal("""{"text":"Hello 1"}""" + "\n",
            (await MinkaAsync(["detokenize", "--json", "1005", "227", "23"])).Out);
    }

    [Theory]
    [InlineData("2048")]
    [InlineData("-1")]
    [InlineData("one")]
    public async Task An_id_that_is_none_is_refused(string id) => Assert.Equal(
        (2, "", $"minka: '{id}' is no token id; the model's ids are 0 to 2047.\n"),
        await MinkaAsync(["detokenize", "5", id]));

    [Fact]
    public async Task Inspect_tells_people_what_a_model_is()
    {
        var (code, output, _) = await MinkaAsync(["inspect", "--tensors"]);

        Assert.Equal(0, code);
        Assert.Contains("architecture  llama (minka-tiny)\n", output, StringComparison.Ordinal);
        Assert.Contains("context       2048 positions\n", output, StringComparison.Ordinal);
        Assert.Matches("blk.4.ffn_down.weight +Q8_0 +256 x 768 ", output);
    }

    [Fact]
    public async Task Inspect_tells_programs_the_same()
    {
        var (_, output, _) = await MinkaAsync(["inspect", "minka-tiny", "--json"]);

        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal("GGUF v3", root.GetProperty("format").GetString());
        Assert.Equal(4_459_264, root.GetProperty("parameters").GetInt64());
        Assert.Equal(5, root.GetProperty("config").GetProperty("layers").GetInt32());
        Assert.Equal(47, root.GetProperty("tensors").GetArrayLength());
        Assert.Equal("qwen2", root.GetProperty("metadata").GetProperty("tokenizer.ggml.pre").GetString());
    }

    [Fact]
    public async Task The_template_alone_can_go_to_a_file()
    {
        var (_, output, _) = await MinkaAsync(["inspect", "--template"]);

        Assert.StartsWith("{%- if messages and messages[0].role == 'system' %}\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_writes_the_keys_of_llama_bench()
    {
        var (code, output, _) = await MinkaAsync(
            ["bench", "-p", "16", "-n", "4", "-d", "0,8", "-r", "2", "-t", "1", "-o", "json"]);

        using var json = JsonDocument.Parse(output);
        var rows = json.RootElement.EnumerateArray().ToList();
        Assert.Equal(0, code);
        Assert.Equal([(16, 0, 0), (0, 4, 0), (16, 0, 8), (0, 4, 8)], rows.Select(row => (
            row.GetProperty("n_prompt").GetInt32(), row.GetProperty("n_gen").GetInt32(),
            row.GetProperty("n_depth").GetInt32())));
        Assert.All(rows, row =>
        {
            Assert.Equal(1, row.GetProperty("n_threads").GetInt32());
            Assert.Equal(2, row.GetProperty("samples_ts").GetArrayLength());
            Assert.True(row.GetProperty("avg_ts").GetDouble() > 0);
        });
    }

    [Theory]
    [InlineData("md", 3)]
    [InlineData("csv", 2)]
    public async Task Bench_writes_tables(string format, int lines)
    {
        var (code, output, _) = await MinkaAsync(["bench", "-p", "0", "-n", "2", "-r", "1", "-o", format]);

        Assert.Equal(0, code);
        Assert.Equal(lines, output.TrimEnd().Split('\n').Length);
        Assert.Single(output.TrimEnd().Split('\n').Select(line => line.Split(format == "md" ? " | " : "\",\"").Length)
            .Skip(format == "md" ? 0 : 1).Distinct());
    }

    [Fact]
    public async Task Perplexity_of_what_the_model_knows_is_low()
    {
        const string known = "Once upon a time there lived a brave goat called Ana in an old tower.";

        var (code, output, _) = await MinkaAsync(["perplexity", "-", "--json"], known);
        var (_, shuffled, _) = await MinkaAsync(["perplexity", "-", "--json"], new string([.. known.Reverse()]));

        Assert.Equal(0, code);
        Assert.InRange(Value(output, "perplexity"), 1, 12);
        Assert.True(Value(shuffled, "perplexity") > 20 * Value(output, "perplexity"));
        Assert.Equal(Math.Exp(Value(output, "mean_nll")), Value(output, "perplexity"), 9);
    }

    [Fact]
    public async Task Perplexity_without_a_text_is_refused() => Assert.Equal(
        (2, "", "minka: There is no text to predict; name a file, or - for standard input.\n"),
        await MinkaAsync(["perplexity"]));

    [Fact]
    public async Task The_first_token_of_each_window_is_not_predicted()
    {
        const string text = "one two three four five six";
        var tokens = (await MinkaAsync(["tokenize", text])).Out.Split(' ').Length;

        var (_, output, _) = await MinkaAsync(["perplexity", "-", "--ctx", "4", "--json"], text);

        Assert.Equal(tokens, Value(output, "tokens"));
        Assert.Equal(tokens - Math.Ceiling(tokens / 4.0), Value(output, "predicted"));
    }

    [Theory]
    [InlineData(512), InlineData(2048, "-c", "0"), InlineData(33, "-c", "33")]
    public async Task Perplexity_reads_windows_of_512_tokens_or_what_is_asked_for(int window, params string[] args)
    {
        var (_, output, _) = await MinkaAsync(["perplexity", "-", "--json", .. args], "Some words.");

        Assert.Equal(window, Value(output, "window"));
    }

    [Theory]
    [InlineData("serve", "--report"), InlineData("serve", "--trace", "x"), InlineData("bench", "--recover-within", "1")]
    [InlineData("plan", "new", "-t", "2")]
    public async Task What_a_verb_would_not_heed_it_does_not_take(params string[] args)
    {
        var (code, output, error) = await MinkaAsync(args);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("minka: There is no option '", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_says_what_will_be_used_and_why()
    {
        var (code, output, _) = await MinkaAsync(["doctor", "--json"]);

        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, code);
        Assert.InRange(json.RootElement.GetProperty("threads").GetInt32(), 1, Environment.ProcessorCount);
        Assert.True(json.RootElement.GetProperty("read_bytes_per_second").GetDouble() > 1e8);
        Assert.NotEqual("", json.RootElement.GetProperty("tier_reason").GetString());
    }

    private static double Value(string json, string key)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(key).GetDouble();
    }
}
