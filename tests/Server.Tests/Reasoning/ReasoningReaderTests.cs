using Minka.Server.Reasoning;
using Minka.Server.Tests.Tools;
using Minka.Server.Tools;

namespace Minka.Server.Tests.Reasoning;

public class ReasoningReaderTests
{
    private static readonly AnswerFormat Format =
        new(ToolFormats.Of("<tool_call>"), ReasoningFormat.Of("{{ '</think>' }}"), false);

    [Theory]
    [InlineData("", "<think>\nFirst. \n Then.\n</think>\n\nIt is 2.\n", "thinks First. \n Then.|It is 2.\n")]
    [InlineData("<|assistant|><think>\n", "First.\n</think>\n\nIt is 2.", "thinks First.|It is 2.")]
    [InlineData("<|assistant|><think>\n", "never ends </thin", "thinks never ends </thin")]
    [InlineData("", "<think></think>Yes", "Yes")]
    [InlineData("", "Yes <think>no</think>", "Yes <think>no</think>")]
    [InlineData("", "<thin", "<thin")]
    [InlineData("", " \n<think>a</think>b", "thinks a|b")]
    [InlineData("", "", "")]
    [InlineData(
        "", "<think>Add.</think>\n<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>",
        "thinks Add.|call 0 add {}")]
    public void Thoughts_are_told_from_the_answer(string prompt, string text, string expected)
    {
        for (var size = 1; size <= 9; size++)
            Assert.Equal(expected, Reader.Print(Reader.Read(Format, text, size, null, prompt)));
    }

    [Theory]
    [InlineData("<|im_start|>assistant\n", "no marks")]
    [InlineData("", null)]
    public void A_template_without_marks_has_no_thoughts(string prompt, string? template)
    {
        var format = new AnswerFormat(ToolFormats.Of(template), ReasoningFormat.Of(template), false);

        var parts = Reader.Read(format, "<think>a</think>", 2, Reader.Request(), prompt);

        Assert.Equal("<think>a</think>", Reader.Print(parts));
    }
}
