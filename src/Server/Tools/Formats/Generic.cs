using Minka.Engine.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools.Formats;

/// <summary>For templates that know no tools: an instruction says what a call looks like.</summary>
internal sealed class Generic : ToolFormat
{
    public override string Name => "generic";

    public override IReadOnlyList<string> Openers => [];

    public override bool IsBare => true;

    public override bool IsSpokenBy(string template) => true;

    public override CallReader Open(string opener) => new JsonCallReader();

    public override CallReader? OpenBare(char first) => first switch
    {
        '{' => new JsonCallReader(),
        '[' => new JsonCallsReader(),
        _ => null,
    };

    protected override string Opening => "";

    protected override string Between => "\n";

    protected override Constraint Guide(IReadOnlyList<ToolDefinition> tools, int callsMax) =>
        CallsOrText(CallsOf(tools, callsMax), @"[^{\[\s;,](.|\n)*");

    protected override TaggedPart CallOf(ToolDefinition tool) => JsonCallOf(tool, "arguments");

    /// <summary>A conversation in words alone: tools are described to the system, calls and results are
    /// messages.</summary>
    public static ChatRequest Explain(ChatRequest request)
    {
        List<ChatTurn> turns = [.. request.Messages.Select(InWords)];
        if (request.UsesTools)
        {
            var instruction = Instruction(request.Tools);
            if (turns[0].Role == "system")
                turns[0] = turns[0] with { Content = $"{turns[0].Content}\n\n{instruction}" };
            else turns.Insert(0, new ChatTurn("system", instruction));
        }
        return request with { Messages = turns };
    }

    private static ChatTurn InWords(ChatTurn turn) => turn switch
    {
        { Role: "tool" } => new ChatTurn("user", $"Result of the call: {turn.Content}"),
        { Calls.Count: > 0 } => new ChatTurn("assistant", string.Join('\n', turn.Calls.Select(call =>
            $$"""{"name": {{JsonText.Quote(call.Name)}}, "arguments": {{call.Arguments}}}""").Prepend(turn.Content)
            .Where(line => !string.IsNullOrEmpty(line)))),
        _ => turn,
    };

    private static string Instruction(IReadOnlyList<ToolDefinition> tools) => string.Join('\n',
    [
        "You can call these functions:",
        .. tools.Select(tool => JsonText.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("name", tool.Name);
            if (tool.Description is not null) json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            tool.ParametersOrAny().WriteTo(json);
            json.WriteEndObject();
        })),
        "To call one, answer with nothing but a JSON object: {\"name\": NAME, \"arguments\": {...}}",
        "The next message then brings its result. When no function fits, answer in words.",
    ]);
}
