namespace Minka.Cli.Tests;

/// <summary>The real program in a process of its own: pipes, signals, exit codes.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task The_first_command_answers() =>
        Assert.Equal((0, "12 + 30 = 42.\n", ""), await ChildProcess.RunMinkaAsync("", "run", "What is 12 + 30?"));

    [Fact]
    public async Task A_bare_start_without_a_person_says_what_can_be_done_and_ends()
    {
        var (code, output, error) = await ChildProcess.RunMinkaAsync("");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(5, output.Split('\n').Count(line => line.StartsWith("  minka ", StringComparison.Ordinal)));
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public async Task A_chat_goes_through_a_pipe() => Assert.Equal(
        (0, "Hello! How can I help you?\n", ""), await ChildProcess.RunMinkaAsync("Hello!\n", "chat"));

    [Fact]
    public async Task Letters_of_all_scripts_pass() =>
        Assert.Equal((0, "Grüße 世界 🙂\n", ""), await ChildProcess.RunMinkaAsync(
            (await ChildProcess.RunMinkaAsync("Grüße 世界 🙂", "tokenize")).Out, "detokenize"));

    [Fact]
    public async Task Ctrl_C_stops_with_130()
    {
        // The row of the first test shows that the second runs, and that one would take hours.
        using var process = ChildProcess.StartMinka("bench", "-r", "1000", "-p", "0", "-n", "1,4000");
        await process.LineAsync("| llama");

        await process.SignalAsync("INT");

        var (output, error) = (process.RestAsync(), process.ErrorAsync());
        await process.ExitAsync();
        Assert.Equal((130, "", ""), (process.ExitCode, await output, await error));
    }

    [Fact]
    public async Task Ctrl_C_stops_an_answer_and_what_was_written_stays()
    {
        var folder = Directory.CreateTempSubdirectory("minka").FullName;
        try
        {
            // Longer than a pipe holds: it waits for its reader and cannot be done before the signal.
            using var process = ChildProcess.StartMinka(
                "run", LongContextModel.Write(folder), "--raw", "Once upon a time", "--ignore-eos", "-c", "0");
            Assert.Equal(4, (await process.LettersAsync(4)).Length);

            await process.SignalAsync("INT");

            var rest = await process.RestAsync();
            await process.ExitAsync();
            Assert.Equal(130, process.ExitCode);
            Assert.EndsWith("\n", rest, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Ctrl_C_ends_a_wait_for_the_pipe()
    {
        using var process = ChildProcess.StartMinka("run");
        // More than a pipe holds: when all of it is written, some of it was read, so the program waits for the rest.
        await process.Input.WriteAsync(new string('x', 1 << 20).AsMemory(), process.Limit);

        await process.SignalAsync("INT");

        await process.ExitAsync();
        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_it_quietly()
    {
        using var process = ChildProcess.StartMinka("chat", "--ignore-eos");
        process.Leave();
        await process.Input.WriteLineAsync("Tell me a story.");
        process.Input.Close();
        await process.ExitAsync();

        Assert.Equal((0, ""), (process.ExitCode, await process.ErrorAsync()));
    }

    [Theory]
    [InlineData("run 'What is 12 + 30?'")]
    [InlineData("chat <<< Hello!")]
    [InlineData("inspect")]
    [InlineData("doctor")]
    [InlineData("--help")]
    [InlineData("tokenize Hello!")]
    [InlineData("bench -r 1 -p 8 -n 0")]
    [InlineData("plan new - --workers 127.0.0.1:9001,127.0.0.1:9002")]
    public async Task An_output_that_is_closed_is_said_so_in_one_sentence(string args)
    {
        using var process = ChildProcess.StartBash("-c", $"$MINKA {args} >&-");

        Assert.Equal((1, "", "minka: Standard output is closed, so that nothing can be written; send it somewhere, as "
            + "in > /dev/null.\n"), await process.EndAsync());
    }

    [Theory]
    [InlineData(0, "12 + 30 = 42.\n", "run 'What is 12 + 30?' 2>&-")]
    [InlineData(0, "12 + 30 = 42.\n", "run 'What is 12 + 30?' <&- 2>&-")]
    [InlineData(2, "", "run 2>&-")]
    [InlineData(1, "", "run 'What is 12 + 30?' <&- >&- 2>&-")]
    public async Task Closed_errors_and_a_closed_input_are_empty(int code, string output, string args)
    {
        using var process = ChildProcess.StartBash("-c", $"$MINKA {args}");

        Assert.Equal((code, output, ""), await process.EndAsync());
    }

    [Fact]
    public async Task A_prompt_from_a_closed_input_is_an_empty_one()
    {
        using var process = ChildProcess.StartBash("-c", "$MINKA run <&-");

        Assert.Equal((2, "", "minka: The prompt from standard input is empty.\n"), await process.EndAsync());
    }

    [Theory]
    [InlineData("questions.sh", "What is 2 + 2?\nWhat is 3 + 4?\n", "2 + 2 = 4.\n3 + 4 = 7.\n")]
    [InlineData("verdict.sh", "", "12 + 30 = 42. (11 tokens)\n", "What is 12 + 30?")]
    public async Task Examples_do_what_they_say(string script, string input, string output, params string[] args)
    {
        using var process = ChildProcess.StartBash([SourceTree.At("examples", script), .. args]);

        Assert.Equal((0, output, ""), await process.EndAsync(input));
    }
}
