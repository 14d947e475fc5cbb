using System.Text.Json;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary>One prompt, one answer, by the built-in model.</summary>
public sealed class RunVerbTests
{
    private const string Question = "What is 12 + 30?";
    private const string Answer = "12 + 30 = 42.";

    [Fact]
    public async Task The_built_in_model_adds() =>
        Assert.Equal((0, $"{Answer}\n", ""), await MinkaAsync(["run", Question]));

    [Fact]
    public async Task A_model_may_stand_before_the_prompt() =>
        Assert.Equal((0, $"{Answer}\n", ""), await MinkaAsync(["run", "minka-tiny", Question, "-t", "1"]));

    [Theory]
    [InlineData("-p", Question)]
    [InlineData("minka-tiny", "-p", Question)]
    [InlineData("-m", "minka-tiny", "--prompt", Question)]
    public async Task A_prompt_may_follow_llama_cpps_flag(params string[] args) =>
        Assert.Equal((0, $"{Answer}\n", ""), await MinkaAsync(["run", .. args]));

    [Fact]
    public async Task A_prompt_may_come_from_a_pipe() =>
        Assert.Equal((0, $"{Answer}\n", ""), await MinkaAsync(["run"], Question + "\n"));

    [Fact]
    public async Task An_argument_is_enough_and_the_pipe_is_left_alone() =>
        Assert.Equal((0, $"{Answer}\n", ""), await MinkaAsync(["run", Question], "Hello!"));

    [Fact]
    public async Task A_file_follows_the_argument_after_an_empty_line()
    {
        string[] args = ["run", "--raw", "-n", "0", "--json", "What is", "-f", "-"];

        var (code, output, _) = await MinkaAsync(args, "12 + 30?");

        var together = await MinkaAsync(["tokenize", "What is\n\n12 + 30?"]);
        Assert.Equal(0, code);
        Assert.Equal(together.Out.Split(' ').Length, Number(output, "prompt_tokens"));
    }

    [Fact]
    public async Task Json_tells_the_answer_and_what_it_took()
    {
        var (code, output, error) = await MinkaAsync(["run", Question, "--json", "--seed", "5"]);

        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(Answer, root.GetProperty("text").GetString());
        Assert.Equal("stop", root.GetProperty("finish_reason").GetString());
        Assert.Equal(5, root.GetProperty("seed").GetInt32());
        Assert.Equal(18, root.GetProperty("prompt_tokens").GetInt32());
        Assert.True(root.GetProperty("ttft_ms").GetDouble() > 0);
        Assert.True(root.GetProperty("decode_tokens_per_second").GetDouble() > 0);
    }

    [Fact]
    public async Task Statistics_go_to_the_error_stream()
    {
        var (_, output, error) = await MinkaAsync(["run", Question, "--stats"]);

        Assert.Equal($"{Answer}\n", output);
        Assert.StartsWith("prompt  18 tokens, 0 of them cached; ", error, StringComparison.Ordinal);
        Assert.Contains("ended by stop; seed ", error, StringComparison.Ordinal);
        Assert.Contains("positions x 2560 bytes = ", error, StringComparison.Ordinal);
        Assert.Contains("(5 layers x 4 heads x 32 x 2 bytes of F16, keys and values)", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text_at_any_number_of_threads()
    {
        string[] story = ["run", "--raw", "Once upon a time", "-n", "60", "--temp", "1.5", "--seed"];

        var one = await MinkaAsync([.. story, "11", "-t", "1"]);
        var two = await MinkaAsync([.. story, "11", "-t", "2"]);
        var other = await MinkaAsync([.. story, "12", "-t", "2"]);

        Assert.Equal(one.Out, two.Out);
        Assert.NotEqual(one.Out, other.Out);
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_and_is_not_part_of_it()
    {
        var (_, output, _) = await MinkaAsync(["run", Question, "--stop", "= 4"]);

        Assert.Equal("12 + 30 \n", output);
    }

    [Fact]
    public async Task A_limit_of_tokens_ends_the_answer()
    {
        var (_, output, _) = await MinkaAsync(["run", Question, "-n", "3", "--json"]);

        Assert.Equal(3, Number(output, "completion_tokens"));
        Assert.Contains("\"finish_reason\":\"length\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bias_makes_a_token_impossible()
    {
        var first = (await MinkaAsync(["tokenize", Answer])).Out.Split(' ')[0];

        var (_, output, _) = await MinkaAsync(["run", Question, "--logit-bias", $"{first}-inf"]);

        Assert.NotEqual($"{Answer}\n", output);
    }

    [Fact]
    public async Task A_system_prompt_is_heard()
    {
        var (_, output, _) = await MinkaAsync(["run", "Hello!", "--system", "Answer in uppercase."]);

        Assert.Equal(output.ToUpperInvariant(), output);
        Assert.NotEqual("\n", output);
    }

    [Theory]
    [InlineData("f32", null, null)]
    [InlineData(null, "q4_0", null)]
    [InlineData(null, null, "q8_0")]
    public async Task Other_arithmetic_still_adds(string? compute, string? quantize, string? kv)
    {
        var args = new List<string> { "run", Question };
        if (compute is not null) args.AddRange(["--compute", compute]);
        if (quantize is not null) args.AddRange(["--quantize", quantize]);
        if (kv is not null) args.AddRange(["--kv-type", kv]);

        Assert.Equal((0, $"{Answer}\n", ""), await MinkaAsync([.. args]));
    }

    [Theory]
    [InlineData(2, "The prompt from standard input is empty.", "run")]
    [InlineData(2, "The prompt is empty; write it in quotes, name a file with -f, or pipe it in.", "run", " ")]
    [InlineData(3, "There is no model 'Hi': no file or folder of that name, and the only alias is minka-tiny; a prompt "
        + "of several words goes in quotes.", "run", "Hi", "there")]
    [InlineData(2, "--raw continues the text alone; leave out --system, or --raw.",
        "run", "--raw", "--system", "x", "y")]
    [InlineData(2, "--temp needs a value: --temp T.", "run", "Hi", "--temp")]
    [InlineData(2, "-n needs a value: --n-predict N.", "run", "Hi", "-n")]
    [InlineData(2, "--seed is given 2 times; it is taken once.", "run", "Hi", "--seed", "1", "--seed", "2")]
    [InlineData(2, "There is no tokenizer 'no.json': no file or folder of that name.",
        "run", "Hi", "--tokenizer", "no.json")]
    [InlineData(2, "There is no file 'nothing.txt'.", "run", "-f", "nothing.txt")]
    [InlineData(2, "--stop is empty; it takes the text to stop before.", "run", "Hi", "--stop", "")]
    [InlineData(2, "--temp is '-1'; it takes a number from 0 to 100.", "run", "Hi", "--temp", "-1")]
    [InlineData(2, "There is no option '--tmp'; did you mean '--temp'?", "run", "Hi", "--tmp", "1")]
    [InlineData(2, "The model is named twice, 'a.gguf' and -m 'b.gguf'; name it once.",
        "run", "a.gguf", "x", "-m", "b.gguf")]
    [InlineData(3, "There is no model 'no.gguf': no file or folder of that name, and the only alias is minka-tiny.",
        "run", "-m", "no.gguf", "Hi")]
    [InlineData(3, "There is no model 'no.gguf': no file or folder of that name, and the only alias is minka-tiny.",
        "run", "no.gguf")]
    public async Task What_cannot_be_done_is_said_in_one_sentence(int code, string sentence, params string[] args) =>
        Assert.Equal((code, "", $"minka: {sentence}\n"), await MinkaAsync(args));

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused()
    {
        var (code, output, error) = await MinkaAsync(["run", new string('x', 500), "-c", "32"]);

        Assert.Equal((1, ""), (code, output));
        Assert.Matches("^minka: The prompt has [0-9]+ tokens; .*32.*\n$", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GGUF")]
    [InlineData("this is no model")]
    public async Task A_file_that_is_no_model_is_refused(string content)
    {
        var path = Path.Combine(Path.GetTempPath(), $"minka-{Guid.NewGuid():N}.gguf");
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);
        try
        {
            var (code, output, error) = await MinkaAsync(["run", path, "Hi"]);

            Assert.Equal((1, ""), (code, output));
            Assert.StartsWith("minka: ", error, StringComparison.Ordinal);
            Assert.Contains(path, error, StringComparison.Ordinal);
            Assert.Equal(1, error.Count(letter => letter == '\n'));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_context_that_memory_cannot_hold_is_refused_before_loading()
    {
        var folder = Directory.CreateTempSubdirectory("minka").FullName;
        try
        {
            var (code, _, error) = await MinkaAsync(
                ["run", LongContextModel.Write(folder, 2_000_000_000), "Hi", "-c", "0"]);

            Assert.Equal(1, code);
            Assert.Matches("^minka: .* needs [0-9.]+ GiB .* GiB are free; .*\n$", error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("run", "Hi")]
    [InlineData("chat")]
    [InlineData("serve", "--port", "0")]
    [InlineData("run", "Hi", "--workers", "127.0.0.1:1,127.0.0.1:2")]
    [InlineData("serve", "--port", "0", "--workers", "127.0.0.1:1,127.0.0.1:2")]
    [InlineData("perplexity", "-")]
    [InlineData("plan", "new", "/dev/null", "--workers", "127.0.0.1:1,127.0.0.1:2")]
    public async Task A_context_beyond_the_models_own_is_refused_by_every_verb(params string[] args) => Assert.Equal(
        (2, "", "minka: --ctx is 2,049; 'minka-tiny' was made for 2,048 positions. Lower --ctx; 0 takes all of "
            + "them.\n"),
        await MinkaAsync([.. args, "--ctx", "2049"], "Some words."));

    private static int Number(string json, string key)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(key).GetInt32();
    }
}
