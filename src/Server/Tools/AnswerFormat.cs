using Minka.Engine.Constraints;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.Reasoning;
using Minka.Server.Tools.Formats;

namespace Minka.Server.Tools;

/// <summary>How a model marks calls and thoughts, as its chat template says. One for each model.</summary>
/// <param name="tools">How it writes calls.</param>
/// <param name="reasoning">How it marks what it thinks; null when it does not.</param>
/// <param name="showsSpecial">Some of the marks are special tokens.</param>
internal sealed class AnswerFormat(ToolFormat tools, ReasoningFormat? reasoning, bool showsSpecial) : IAnswerFormat
{
    /// <summary>How it writes calls.</summary>
    public ToolFormat Tools => tools;

    public bool ShowsSpecial => showsSpecial;

    public bool WantsArgumentsAsText => tools.WantsArgumentsAsText;

    /// <summary>The format of a chat template.</summary>
    public static AnswerFormat Of(string template, Tokenizer tokenizer)
    {
        var (tools, reasoning) = (ToolFormats.Of(template), ReasoningFormat.Of(template));
        return new(tools, reasoning, MarksOf(tools, reasoning).Any(
            mark => tokenizer.TryGetId(mark, out var id) && tokenizer.IsSpecial(id)));
    }

    /// <summary>Texts of tokens that constraints must be able to write, even where they are special.</summary>
    public IReadOnlyCollection<string> Marks => MarksOf(tools, reasoning);

    public ChatRequest Prepare(ChatRequest request)
    {
        if (tools is Generic) request = Generic.Explain(request);
        return !tools.HasShortIds ? request : request with
        {
            Messages = [.. request.Messages.Select(turn => turn with
            {
                CallId = turn.CallId is null ? null : CallIds.ForTemplate(tools, turn.CallId),
                Calls = [.. turn.Calls.Select(call => call with { Id = CallIds.ForTemplate(tools, call.Id) })],
            })],
        };
    }

    public string Open(ChatRequest request, string prompt)
    {
        if (!IsForced(request)) return "";
        var opening = Force(request).Opening;
        return IsThinking(prompt) ? $"\n{reasoning!.Close}\n\n{opening}" : opening;
    }

    public Constraint? Constrain(ChatRequest request)
    {
        if (IsForced(request)) return Force(request).Rest;
        // Thoughts come first, and a call that nothing announces cannot be told from them.
        return request.UsesTools && request.Options.Constraint is null && (reasoning is null || !tools.IsBare)
            ? tools.Guide(request.Tools, request.ParallelCalls) : null;
    }

    public IAnswerReader Read(ChatRequest request, string prompt)
    {
        var parts = new AnswerParts(request.UsesTools ? request.Tools : [], () => CallIds.New(tools));
        if (!request.UsesTools && reasoning is null && !tools.NamesEveryPart) return new ContentReader(parts);
        var answer = request.UsesTools || tools.NamesEveryPart ? tools.Read(parts) : new ContentReader(parts);
        // The opening of a forced call stands in the prompt, but the answer begins with it.
        if (IsForced(request))
        {
            answer.Push(Force(request).Opening, []);
            return answer;
        }
        return reasoning is null || tools is Harmony
            ? answer : new ReasoningReader(reasoning, IsThinking(prompt), parts, answer);
    }

    private static bool IsForced(ChatRequest request) =>
        request.UsesTools && request.ToolChoice.Kind is ToolChoiceKind.Required or ToolChoiceKind.Named;

    private bool IsThinking(string prompt) =>
        reasoning is not null && tools is not Harmony && reasoning.IsOpenedBy(prompt);

    private ForcedCall Force(ChatRequest request)
    {
        var isNamed = request.ToolChoice.Kind == ToolChoiceKind.Named;
        return tools.Force(
            isNamed ? [.. request.Tools.Where(tool => tool.Name == request.ToolChoice.Name)] : request.Tools,
            request.ParallelCalls && !isNamed);
    }

    private static string[] MarksOf(ToolFormat tools, ReasoningFormat? reasoning) =>
        [.. tools.Marks, .. reasoning is null ? [] : new[] { reasoning.Open, reasoning.Close }];
}
