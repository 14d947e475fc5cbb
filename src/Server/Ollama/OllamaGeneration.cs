using Microsoft.AspNetCore.Http;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.Ollama;

/// <summary>POST /api/chat and /api/generate.</summary>
internal sealed class OllamaGeneration(ServerParts server)
{
    /// <summary>Goes on with a conversation.</summary>
    public Task ChatAsync(HttpContext context) => AnswerAsync(context, isChat: true);

    /// <summary>Answers a prompt, or goes on with it as it is when <c>raw</c>.</summary>
    public Task GenerateAsync(HttpContext context) => AnswerAsync(context, isChat: false);

    private async Task AnswerAsync(HttpContext context, bool isChat)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var fields = body.Fields;
        var trace = RequestTrace.Of(context);
        using var lease = await server.OpenAsync(OllamaNames.Find(server.Models, fields), trace).ConfigureAwait(false);
        var reply = new OllamaReply(server, lease.Model.Name, isChat);
        if (Begin(fields, lease.Model, trace, isChat) is not { } generation)
        {
            await JsonReply.WriteAsync(context, 200, reply.WriteLoaded).ConfigureAwait(false);
            return;
        }
        if (OllamaFields.IsStream(fields))
        {
            await StreamAsync(context, generation, reply).ConfigureAwait(false);
            return;
        }
        var answers = await WholeAnswer.ReadAsync(generation).ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json => reply.WriteEnd(json, answers[0], generation, trace))
            .ConfigureAwait(false);
    }

    /// <summary>The text that was asked for; null when only loading was.</summary>
    private static TextGeneration? Begin(JsonFields fields, ServedModel model, RequestTrace trace, bool isChat)
    {
        if (isChat) return OllamaFields.ReadChat(fields, model) is { } chat ? model.Chat(chat, trace) : null;
        if (OllamaFields.ReadPrompt(fields, model) is not { } request) return null;
        if (fields.Flag("raw") != true && model.Template is not null) return model.Chat(request, trace);
        var prompt = model.Tokenizer.Encode(request.Messages[^1].Content!);
        return model.Complete(prompt, request.Options, trace);
    }

    private static async Task StreamAsync(HttpContext context, TextGeneration generation, OllamaReply reply)
    {
        await using var lines = new LineWriter(context);
        var calls = new WholeAnswer();
        var trace = RequestTrace.Of(context);
        await lines.WriteAsync(generation.BatchesAsync(Timeout.InfiniteTimeSpan), happened =>
        {
            // A call is whole when something else comes.
            var isCall = happened is TextEvent.Delta { Part: OutputPart.CallArguments or OutputPart.CallBroken };
            if (!isCall && calls.Calls.Count > 0)
            {
                var whole = calls;
                lines.Line(json => reply.WritePiece(json, "", "", whole.Calls));
                calls = new WholeAnswer();
            }
            switch (happened)
            {
                case TextEvent.Delta { Part: OutputPart.Text { Value.Length: > 0 } text }:
                    lines.Line(json => reply.WritePiece(json, text.Value, "", []));
                    break;
                case TextEvent.Delta { Part: OutputPart.Reasoning thought }:
                    lines.Line(json => reply.WritePiece(json, "", thought.Value, []));
                    break;
                case TextEvent.Delta { Part: OutputPart.CallBroken broken }:
                    calls.Add(happened);
                    lines.Line(json => reply.WritePiece(json, broken.Written, "", []));
                    break;
                case TextEvent.Delta delta:
                    calls.Add(delta);
                    break;
                case TextEvent.End:
                    lines.Line(json => reply.WriteEnd(json, new WholeAnswer(), generation, trace));
                    break;
            }
        }).ConfigureAwait(false);
    }
}
