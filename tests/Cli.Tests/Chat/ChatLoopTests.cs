using Minka.Cli.Answers;
using Minka.Cli.Chat;
using Minka.Cli.Options;
using Minka.Models.Loading;

namespace Minka.Cli.Tests.Chat;

/// <summary>A conversation with somebody at the keyboard.</summary>
public sealed class ChatLoopTests
{
    [Fact]
    public async Task A_talk_outlives_machines_that_are_lost_and_the_next_message_tries_again()
    {
        using var terminal = new TestTerminal("One?\nTwo?\n", isTyped: true);
        var conversation = new Conversation();
        await using var answerer = new Flaky();

        var code = await new ChatLoop(terminal.Terminal, ChatInput.Piped(terminal.Terminal.In), answerer,
            SamplingFlags.Defaults(GenerationDefaults.None), conversation).RunAsync(CancellationToken.None);

        Assert.Equal(0, code);
        Assert.Equal("minka: Rank 1 is lost. Another message tries again; /save FILE keeps what was said.\n",
            terminal.Error);
        Assert.Equal([new("user", "Two?"), new("assistant", "")], conversation.Turns);
    }

    /// <summary>Loses a machine at the first question.</summary>
    private sealed class Flaky : IAnswerer
    {
        private int _asked;

        public string ModelName => "flaky";

        public Task<AnswerReport> AnswerAsync(
            Prompt prompt, AnswerOptions options, Action<string> write, CancellationToken cancellation) =>
            _asked++ == 0 ? throw new IOException("Rank 1 is lost.") : Task.FromResult(new AnswerReport
            {
                Model = ModelName, Text = "", Finish = "stop", Seed = 0, PromptTokens = 1, CachedTokens = 0,
                AnswerTokens = 0, TimeToFirstToken = default, DecodeTime = default, LoadTime = default,
                Memory = new(0, 0, 0, 0, 0), KvCache = "", ProcessBytes = 0,
            });

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
