using Minka.Server.Generating;
using Minka.Server.Tools;

namespace Minka.Server.Tests.Tools;

public class ConversationTests
{
    private static readonly ChatRequest Called = Reader.Request(Reader.Add) with
    {
        Messages =
        [
            new ChatTurn("user", "1 + 1?"),
            new ChatTurn("assistant", null) { Calls = [new ToolCall("call_abc", "add", """{"a": 1}""")] },
            new ChatTurn("tool", "2") { CallId = "call_abc" },
        ],
    };

    [Fact]
    public void Ids_are_made_short_where_the_template_wants_them_so_and_still_match()
    {
        var turns = Reader.Format("mistral-nemo").Prepare(Called).Messages;

        Assert.Matches("^[0-9a-zA-Z]{9}$", turns[1].Calls[0].Id);
        Assert.Equal(turns[1].Calls[0].Id, turns[2].CallId);
        Assert.Equal("call_abc", Reader.Format("hermes").Prepare(Called).Messages[2].CallId);
    }

    [Fact]
    public void New_ids_have_the_form_of_their_format()
    {
        var text = "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {}}]";

        var call = Reader.Read(Reader.Format("mistral-nemo"), text, 5).OfType<OutputPart.CallBegin>().Single();

        Assert.Matches("^[0-9a-zA-Z]{9}$", call.Id);
        Assert.Matches("^call_[0-9a-zA-Z]{24}$", CallIds.New(ToolFormats.Of(null)));
    }

    [Fact]
    public void A_model_whose_template_knows_no_tools_is_told_of_them_in_words()
    {
        var turns = Reader.Format("generic").Prepare(Called).Messages;

        Assert.Equal(["system", "user", "assistant", "user"], turns.Select(turn => turn.Role));
        Assert.Contains("{\"name\":\"add\",\"parameters\":{", turns[0].Content);
        Assert.Equal("""{"name": "add", "arguments": {"a": 1}}""", turns[2].Content);
        Assert.Equal("Result of the call: 2", turns[3].Content);
    }
}
