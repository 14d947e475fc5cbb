using Minka.Cli.Chat;
using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Chat;

public sealed class ConversationTests
{
    [Fact]
    public void The_system_prompt_goes_first_and_survives_clearing()
    {
        var conversation = new Conversation { System = "Be brief." };
        conversation.Ask("Hi");

        conversation.Clear();
        conversation.Ask("Hello");

        Assert.Equal([new("system", "Be brief."), new("user", "Hello")], conversation.Messages);
    }

    [Fact]
    public void A_question_without_an_answer_can_be_taken_back()
    {
        var conversation = new Conversation();
        conversation.Ask("Hi");
        conversation.Answer("Hello");
        conversation.Ask("And?");

        conversation.TakeBack();
        conversation.TakeBack();

        Assert.Equal([new("user", "Hi"), new("assistant", "Hello")], conversation.Turns);
    }

    [Fact]
    public void A_saved_chat_comes_back_as_it_was()
    {
        var path = Path.Combine(Path.GetTempPath(), $"minka-{Guid.NewGuid():N}.json");
        IReadOnlyList<Turn> messages =
            [new("system", "Sé breve."), new("user", "\"¿Qué?\"\n日本 🙂"), new("assistant", "Nada.")];
        try
        {
            SavedChat.Save(path, "minka-tiny", messages);

            Assert.Equal(messages, SavedChat.Load(path));
            Assert.Contains("日本", File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"messages\": 3}")]
    [InlineData("{\"messages\": [{\"role\": \"root\", \"content\": \"x\"}]}")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}]}")]
    public void A_file_that_is_no_chat_is_refused_with_a_sentence(string text)
    {
        var path = Path.Combine(Path.GetTempPath(), $"minka-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, text);
        try
        {
            var error = Assert.Throws<UsageException>(() => SavedChat.Load(path));

            Assert.StartsWith($"'{path}' is not a saved chat (", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Three_quotes_hold_several_lines_together()
    {
        var input = ChatInput.Piped(new StringReader("one\n\"\"\"two\nthree\"\"\"\n\"\"\"\nfour\n\"\"\"\n"));

        Assert.Equal("one", input.Read("> ").Text);
        Assert.Equal("two\nthree", input.Read("> ").Text);
        Assert.Equal("four", input.Read("> ").Text);
        Assert.Equal(LineEnd.Closed, input.Read("> ").End);
    }
}
