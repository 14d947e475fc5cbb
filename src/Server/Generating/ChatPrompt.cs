using System.Text.Json;
using Minka.Models.Templates;
using Minka.Models.Tokenization;

namespace Minka.Server.Generating;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Request">As its format wants it.</param>
/// <param name="Text">Rendered.</param>
/// <param name="Ids">Encoded.</param>
internal sealed record ChatPrompt(ChatRequest Request, string Text, int[] Ids)
{
    /// <summary>Renders a conversation with the model's template and encodes it.</summary>
    /// <remarks>Special tokens that somebody wrote into a message stay text.</remarks>
    /// <exception cref="ApiFault">There is no template, or it refuses the conversation.</exception>
    public static ChatPrompt Of(ServedModel model, ChatRequest request, TimeProvider time)
    {
        if (model.Template is not { } template)
            throw ApiFault.Invalid("messages", $"The model '{model.Name}' has no chat template; use /v1/completions, "
                + "or start the server with --chat-template.");
        if (model.Format is { } format) request = format.Prepare(request);
        var guarded = Render(template, model, request, time);
        guarded += model.Format?.Open(request, guarded);
        var ids = model.Tokenizer.Encode(guarded, addSpecial: false, parseSpecial: true);
        return new(request, Tokenizer.Unguard(guarded), ids);
    }

    private static string Render(ChatTemplate template, ServedModel model, ChatRequest request, TimeProvider time)
    {
        var tokenizer = model.Tokenizer;
        var argumentsAreText = model.Format?.WantsArgumentsAsText == true;
        string text;
        try
        {
            text = template.Render(new ChatTemplateInput
            {
                Messages = TemplateValue.From(request.Messages.Select(turn => Turn(turn, tokenizer, argumentsAreText))),
                Tools = request.UsesTools
                    ? TemplateValue.From(request.Tools.Select(tool => Tool(tool, tokenizer)))
                    : TemplateValue.None,
                AddGenerationPrompt = request.AddsGenerationPrompt && !request.ContinuesLast,
                BosToken = tokenizer.BosId is { } bos ? tokenizer.TokenText(bos) : null,
                EosToken = tokenizer.EosIds is [var eos, ..] ? tokenizer.TokenText(eos) : null,
                Variables = request.Variables,
                Time = time,
            });
        }
        catch (TemplateException refused)
        {
            throw ApiFault.Invalid("messages", $"The model's chat template refused the messages: {refused.Message}",
                "template_error");
        }
        return request.ContinuesLast ? CutBehindLast(text, tokenizer.Guard(request.Messages[^1].Content ?? "")) : text;
    }

    /// <summary>The text ends where the last message does, before what the template closes it with.</summary>
    private static string CutBehindLast(string text, string content)
    {
        // Templates may trim a message.
        if (text.LastIndexOf(content, StringComparison.Ordinal) is var whole and >= 0)
            return text[..(whole + content.Length)];
        content = content.Trim();
        return text.LastIndexOf(content, StringComparison.Ordinal) is var trimmed and >= 0
            ? text[..(trimmed + content.Length)]
            : throw ApiFault.Invalid("continue_final_message",
                "The model's chat template changes the last message, so it cannot be continued.");
    }

    private static TemplateValue Turn(ChatTurn turn, Tokenizer tokenizer, bool argumentsAreText)
    {
        var fields = new List<KeyValuePair<string, TemplateValue>>
        {
            new("role", TemplateValue.From(turn.Role)),
            new("content", turn.Content is { } content ? Guarded(content, tokenizer) : TemplateValue.None),
        };
        if (turn.Reasoning is { } reasoning) fields.Add(new("reasoning_content", Guarded(reasoning, tokenizer)));
        if (turn.Calls.Count > 0)
            fields.Add(new("tool_calls", TemplateValue.From(
                turn.Calls.Select(call => Call(call, tokenizer, argumentsAreText)))));
        if (turn.CallId is { } id) fields.Add(new("tool_call_id", Guarded(id, tokenizer)));
        if (turn.Name is { } name) fields.Add(new("name", Guarded(name, tokenizer)));
        return TemplateValue.From(fields);
    }

    private static TemplateValue Call(ToolCall call, Tokenizer tokenizer, bool argumentsAreText) => TemplateValue.From(
    [
        new KeyValuePair<string, TemplateValue>("id", Guarded(call.Id, tokenizer)),
        new("type", TemplateValue.From("function")),
        new("function", TemplateValue.From(
        [
            new KeyValuePair<string, TemplateValue>("name", Guarded(call.Name, tokenizer)),
            new("arguments", argumentsAreText
                ? Guarded(call.Arguments, tokenizer) : Arguments(tokenizer.Guard(call.Arguments))),
        ])),
    ]);

    // Templates write arguments with tojson, so they must see the object and not its text.
    private static TemplateValue Arguments(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return TemplateValue.FromJson(document.RootElement);
        }
        catch (JsonException)
        {
            return TemplateValue.From(json);
        }
    }

    private static TemplateValue Tool(ToolDefinition tool, Tokenizer tokenizer)
    {
        var function = new List<KeyValuePair<string, TemplateValue>> { new("name", Guarded(tool.Name, tokenizer)) };
        if (tool.Description is { } description) function.Add(new("description", Guarded(description, tokenizer)));
        if (tool.Parameters.ValueKind != JsonValueKind.Undefined)
            function.Add(new("parameters", Arguments(tokenizer.Guard(tool.Parameters.GetRawText()))));
        return TemplateValue.From(
        [
            new KeyValuePair<string, TemplateValue>("type", TemplateValue.From("function")),
            new("function", TemplateValue.From(function)),
        ]);
    }

    private static TemplateValue Guarded(string text, Tokenizer tokenizer) => TemplateValue.From(tokenizer.Guard(text));
}
