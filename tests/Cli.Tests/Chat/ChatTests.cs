using Minka.Cli.Chat;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Chat;

/// <summary>A conversation through a pipe, with the built-in model.</summary>
public sealed class ChatTests
{
    [Fact]
    public async Task Each_line_is_a_message_and_only_answers_are_written() => Assert.Equal(
        (0, "Hello! How can I help you?\n2 + 2 = 4.\n", ""), await MinkaAsync(["chat"], "Hello!\n\nWhat is 2 + 2?\n"));

    [Fact]
    public async Task What_was_said_is_remembered_until_it_is_cleared()
    {
        const string talk = "My name is Anna.\nWhat is my name?\n";

        var remembered = await MinkaAsync(["chat"], talk);
        var cleared = await MinkaAsync(["chat"], talk.Replace("\nWhat", "\n/clear\nWhat", StringComparison.Ordinal));

        Assert.Contains("Anna", remembered.Out.Split('\n')[1], StringComparison.Ordinal);
        Assert.DoesNotContain("Anna", cleared.Out.Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Later_turns_find_the_earlier_ones_in_the_cache()
    {
        var (_, output, _) = await MinkaAsync(["chat"], "Hello! How are you, my friend?\nWhat is 2 + 2?\n/stats\n");

        var cached = int.Parse(output.Split(" tokens, ")[1].Split(' ')[0], null);
        Assert.InRange(cached, 16, 64);
    }

    [Fact]
    public async Task A_chat_is_saved_and_goes_on_elsewhere()
    {
        var path = Path.Combine(Path.GetTempPath(), $"minka-{Guid.NewGuid():N}.json");
        try
        {
            var saved = await MinkaAsync(
                ["chat", "--system", "Be kind."], $"My name is Anna.\n/save {path}\n/exit\nnot read\n");
            var resumed = await MinkaAsync(["chat", "--load", path], "What is my name?\n");

            Assert.EndsWith($"Saved 2 messages to {path}.\n", saved.Out, StringComparison.Ordinal);
            Assert.Equal(["system", "user", "assistant"], SavedChat.Load(path).Select(turn => turn.Role));
            Assert.Contains("Anna", resumed.Out, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("/foo", "There is no command '/foo'; /help lists them.")]
    [InlineData("/save", "/save needs a file name, as in /save talk.json.")]
    [InlineData("/load no.json", "There is no file 'no.json'.")]
    public async Task A_wrong_command_is_answered_and_the_chat_goes_on(string command, string sentence) => Assert.Equal(
        (0, "2 + 2 = 4.\n", $"minka: {sentence}\n"), await MinkaAsync(["chat"], $"{command}\nWhat is 2 + 2?\n"));

    [Fact]
    public async Task The_system_prompt_can_be_set_and_shown()
    {
        var (_, output, _) = await MinkaAsync(["chat"], "/system\n/system Answer in uppercase.\nHello!\n");

        var lines = output.Split('\n');
        Assert.Equal(["There is no system prompt.", "The system prompt is: Answer in uppercase."], lines[..2]);
        Assert.Equal(lines[2].ToUpperInvariant(), lines[2]);
    }

    [Fact]
    public async Task A_chat_longer_than_the_context_ends_with_a_sentence()
    {
        var (code, _, error) = await MinkaAsync(["chat", "-c", "32"], new string('x', 200) + "\n");

        Assert.Equal(1, code);
        Assert.Matches("^minka: The prompt has [0-9]+ tokens; .*\n$", error);
    }
}
