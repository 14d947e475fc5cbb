using System.ClientModel;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Minka.Clients;

/// <summary>OpenAI's own client for .NET against a real server.</summary>
public sealed partial class OpenAiTests(ServeProcess server)
{
    private static readonly BinaryData City = BinaryData.FromString("""
        {"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}
        """);

    private static readonly ChatTool Weather =
        ChatTool.CreateFunctionTool("get_weather", "Get the weather of a city", City);

    private static readonly ChatMessage[] Sum = [new UserChatMessage("What is 12 + 30?")];

    private readonly ChatClient _chat = server.Client.GetChatClient(ServeProcess.Model);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chat_is_answered()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(Sum, new() { Temperature = 0 }, Cancellation);

        Assert.Equal("12 + 30 = 42.", answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(answer.Usage.TotalTokenCount, answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task A_stream_says_the_same_and_what_it_took()
    {
        var (text, tokens) = ("", 0);
        await foreach (var update in _chat.CompleteChatStreamingAsync(Sum, new() { Temperature = 0 }, Cancellation))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            tokens = update.Usage?.OutputTokenCount ?? tokens;
        }

        Assert.Equal("12 + 30 = 42.", text);
        Assert.True(tokens > 3);
    }

    [Fact]
    public async Task A_tool_is_called_and_its_result_answered_from()
    {
        List<ChatMessage> messages = [new UserChatMessage("What is the weather in Rome?")];
        var options = new ChatCompletionOptions { Temperature = 0, Tools = { Weather } };

        ChatCompletion called = await _chat.CompleteChatAsync(messages, options, Cancellation);
        var call = Assert.Single(called.ToolCalls);
        messages.Add(new AssistantChatMessage(called));
        messages.Add(new ToolChatMessage(call.Id, """{"temperature": 21, "sky": "sunny"}"""));
        ChatCompletion answer = await _chat.CompleteChatAsync(messages, options, Cancellation);

        Assert.Equal(ChatFinishReason.ToolCalls, called.FinishReason);
        Assert.Equal("Rome", CityOf(call.FunctionArguments));
        Assert.Contains("21", answer.Content[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_is_streamed_in_updates_of_its_arguments()
    {
        var options = new ChatCompletionOptions { Temperature = 0, Tools = { Weather } };
        var (name, arguments, updates) = ("", "", 0);

        await foreach (var update in _chat.CompleteChatStreamingAsync(
            [new UserChatMessage("What is the weather in Paris?")], options, Cancellation))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                name += call.FunctionName;
                arguments += call.FunctionArgumentsUpdate;
                updates++;
            }
        }

        Assert.Equal("get_weather", name);
        Assert.Equal("Paris", CityOf(BinaryData.FromString(arguments)));
        Assert.True(updates > 3);
    }

    [Fact]
    public async Task A_call_can_be_required()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(
            [new UserChatMessage("Hello!")],
            new ChatCompletionOptions { Tools = { Weather }, ToolChoice = ChatToolChoice.CreateRequiredChoice() },
            Cancellation);

        Assert.NotNull(CityOf(answer.ToolCalls[0].FunctionArguments));
    }

    [Fact]
    public async Task A_schema_holds_the_answer_to_its_form()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(Sum, new()
        {
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("city", City, jsonSchemaIsStrict: true),
        }, Cancellation);

        Assert.NotNull(CityOf(BinaryData.FromString(answer.Content[0].Text)));
    }

    [Fact]
    public async Task Log_probabilities_come_with_their_tokens()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(
            Sum, new() { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 }, Cancellation);

        Assert.Equal("12 + 30 = 42.", string.Concat(answer.ContentTokenLogProbabilities.Select(token => token.Token)));
        Assert.All(answer.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
    }

    [Fact]
    public async Task Embeddings_have_length_one()
    {
        var client = server.Client.GetEmbeddingClient(ServeProcess.Model);

        var vectors = (await client.GenerateEmbeddingsAsync(["Paris", "Rome"], cancellationToken: Cancellation)).Value;

        Assert.Equal(2, vectors.Count);
        Assert.Equal(1, Math.Sqrt(vectors[0].ToFloats().ToArray().Sum(value => value * value)), 1e-3);
    }

    [Fact]
    public async Task Errors_carry_their_status()
    {
        var other = server.Client.GetChatClient("other");

        var unknown = await Assert.ThrowsAsync<ClientResultException>(
            () => other.CompleteChatAsync(Sum, null, Cancellation));
        var wrong = await Assert.ThrowsAsync<ClientResultException>(
            () => _chat.CompleteChatAsync(Sum, new() { Temperature = 9 }, Cancellation));

        Assert.Equal(404, unknown.Status);
        Assert.Contains("model_not_found", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(400, wrong.Status);
        Assert.Contains("temperature", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_can_be_left()
    {
        var text = 0;
        await foreach (var update in _chat.CompleteChatStreamingAsync(
            [new UserChatMessage("Tell me a story.")], new() { MaxOutputTokenCount = 1500 }, Cancellation))
        {
            text += update.ContentUpdate.Count;
            if (text > 0) break;
        }

        using var http = new HttpClient { BaseAddress = server.Address };
        while (!NothingRuns().IsMatch(await http.GetStringAsync("/metrics", Cancellation)))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        Assert.Equal(1, text);
    }

    [Fact]
    public async Task A_response_is_streamed_shown_and_deleted()
    {
        var client = server.Client.GetResponsesClient();
        var (text, id) = ("", "");
        var options = new CreateResponseOptions
        {
            Model = ServeProcess.Model, Temperature = 0, StreamingEnabled = true,
            InputItems = { ResponseItem.CreateUserMessageItem("What is 12 + 30?") },
        };

        await foreach (var update in await client.CreateResponseStreamingAsync(options, Cancellation))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta) text += delta.Delta;
            if (update is StreamingResponseCompletedUpdate completed) id = completed.Response.Id;
        }
        var shown = (await client.GetResponseAsync(id, Cancellation)).Value;
        await client.DeleteResponseAsync(id, Cancellation);

        Assert.Equal("12 + 30 = 42.", text);
        Assert.Equal(text, shown.GetOutputText());
        Assert.Equal(ResponseStatus.Completed, shown.Status);
        await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync(id, Cancellation));
    }

    [Fact]
    public async Task A_response_calls_a_function()
    {
        var client = server.Client.GetResponsesClient();
        var options = new CreateResponseOptions
        {
            Model = ServeProcess.Model, Temperature = 0,
            InputItems = { ResponseItem.CreateUserMessageItem("What is the weather in Rome?") },
            Tools = { ResponseTool.CreateFunctionTool("get_weather", City, true, "Get the weather of a city") },
        };

        var answer = (await client.CreateResponseAsync(options, Cancellation)).Value;

        var call = Assert.IsType<FunctionCallResponseItem>(Assert.Single(answer.OutputItems));
        Assert.Equal("Rome", CityOf(call.FunctionArguments));
    }

    [GeneratedRegex(@"^vllm:num_requests_running\{[^}]*\} 0$", RegexOptions.Multiline)]
    private static partial Regex NothingRuns();

    private static string? CityOf(BinaryData arguments)
    {
        using var document = JsonDocument.Parse(arguments);
        return document.RootElement.GetProperty("city").GetString();
    }
}
