using System.Text.Json.Nodes;

namespace Minka.Server.Tests;

/// <summary>Every value of a request replaced by what should not be there: never a fault of ours.</summary>
public sealed class DialectFuzzTests(TinyServer server)
{
    private static readonly string[] Odd =
    [
        "null", "true", "-1", "1e30", "0.5", "\"\"", "\"\\ud800\"", "\"x\"", "[]", "[[]]", "{}",
        "[{\"type\":\"text\"}]",
    ];

    [Theory]
    [InlineData("/v1/messages", """
        {"model":"minka-tiny","max_tokens":1,"system":[{"type":"text","text":"a"}],"stop_sequences":["x"],
        "temperature":0,"top_k":5,"stream":false,"thinking":{"type":"enabled","budget_tokens":5},
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"},
        "messages":[{"role":"user","content":"a"},
        {"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"a","is_error":true}]}]}
        """)]
    [InlineData("/v1/responses", """
        {"model":"minka-tiny","max_output_tokens":1,"instructions":"a","store":true,"stream":false,"temperature":0,
        "text":{"format":{"type":"text"}},"reasoning":{"effort":"low"},"include":["x"],"metadata":{"a":"b"},
        "tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true}],"tool_choice":"auto",
        "input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},
        {"type":"reasoning","content":[{"type":"reasoning_text","text":"a"}]},
        {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"1","output":"a"}]}
        """)]
    [InlineData("/api/chat", """
        {"model":"minka-tiny","stream":false,"think":false,"format":"","keep_alive":"5m",
        "options":{"num_predict":1,"seed":1,"stop":["x"],"temperature":0,"top_k":1,"repeat_last_n":64},
        "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
        "messages":[{"role":"system","content":"a"},{"role":"user","content":"a","images":[]},
        {"role":"assistant","content":"","thinking":"a","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},
        {"role":"tool","content":"a","tool_name":"f"}]}
        """)]
    [InlineData("/api/generate", """
        {"model":"minka-tiny","prompt":"a","system":"b","raw":false,"stream":false,"suffix":"","context":[],
        "options":{"num_predict":1}}
        """)]
    public async Task Odd_values_are_refused_or_ignored(string path, string sample)
    {
        foreach (var odd in Odd)
        {
            for (var place = 0; Replace(sample, place, odd) is { } request; place++)
            {
                using var response = await server.SendAsync(path, request);
                Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} for {request}");
            }
        }
    }

    /// <summary>The sample with one of its values replaced; null behind the last.</summary>
    private static string? Replace(string sample, int place, string odd)
    {
        var root = JsonNode.Parse(sample)!;
        var value = Inside(root).Skip(place).FirstOrDefault();
        if (value is null) return null;
        const string Mark = "replace me";
        value.ReplaceWith(Mark);
        return root.ToJsonString().Replace($"\"{Mark}\"", odd, StringComparison.Ordinal);
    }

    private static IEnumerable<JsonNode> Inside(JsonNode node)
    {
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject fields => fields.Select(field => field.Value),
            JsonArray items => items,
            _ => [],
        };
        foreach (var child in children.OfType<JsonNode>().ToList())
        {
            yield return child;
            foreach (var inner in Inside(child)) yield return inner;
        }
    }
}
