using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Minka.Server.Tests.Http;

/// <summary>JSON from people who mean no good: always an answer, never ours to be ashamed of.</summary>
public sealed class HostileJsonTests(TinyServer server)
{
    private const string Chat = "/v1/chat/completions", Text = "/v1/completions";
    private const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":2";

    public static TheoryData<string, string, string> WrongValues()
    {
        var cases = new TheoryData<string, string, string>();
        void Add(string field, params string[] values)
        {
            foreach (var value in values) cases.Add(Chat, field, value);
        }
        Add("temperature", "-1", "1e30", "\"1\"", "[]", "true", "1e999");
        Add("top_p", "0", "2", "-0.5", "\"x\"");
        Add("top_k", "-5", "1.5", "99999999999");
        Add("min_p", "-1", "2");
        Add("n", "0", "-1", "1000000000", "1.5");
        Add("max_tokens", "0", "-1", "2147483648", "9223372036854775808", "{}");
        Add("top_logprobs", "1000000", "-1", "5");
        Add("seed", "18446744073709551616", "\"a\"", "1.5");
        Add("stop", "\"\"", "[\"\"]", "5", "[5]", $"\"{new string('s', 1 << 16)}\"",
            $"[{string.Join(',', Enumerable.Repeat("\"a\"", 10_000))}]");
        Add("logit_bias", "[]", "{\"x\":1}", "{\"1\":101}", "{\"99999\":1}", "{\"-1\":1}",
            $"{{{string.Join(',', Enumerable.Range(0, 2000).Select(i => $"\"{i}\":1"))}}}");
        Add("stream", "1", "\"yes\"");
        Add("stream_options", "{}", "[]");
        Add("messages", "[]", "{}", "[5]", "[{}]", "[{\"role\":\"wizard\",\"content\":\"x\"}]",
            "[{\"role\":\"user\",\"content\":5}]", "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]",
            "[{\"role\":\"user\"}]", "\"hi\"");
        Add("tools", "[5]", "[{\"type\":\"x\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]",
            $"[{{\"type\":\"function\",\"function\":{{\"name\":\"{new string('n', 10_000)}\"}}}}]",
            $"[{string.Join(',', Enumerable.Repeat("{\"type\":\"function\",\"function\":{}}", 10_000))}]");
        Add("tool_choice", "\"required\"", "\"maybe\"", "{\"type\":\"function\",\"function\":{\"name\":\"gone\"}}");
        Add("chat_template", "\"{% for i in range(99999999) %}{% endfor %}\"");
        Add("response_format", "5", "{\"type\":\"xml\"}", "{\"type\":\"json_schema\"}",
            "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"minItems\":\"x\",\"type\":\"array\"}}}",
            "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"$ref\":\"https://evil.example/s\"}}}",
            "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":\"array\",\"minItems\":1000000000}}}");
        Add("grammar", "\"root ::= root \\\"a\\\"\"", "\"root ::= [a]{1,1000000000}\"", "\"x ::= \\\"a\\\"\"",
            "\"root ::= (\"");
        Add("regex", "\"(\"");
        Add("structured_outputs", "{\"regex\":\"a\",\"choice\":[\"b\"]}", "{\"choice\":[]}", "{}", "{\"form\":1}",
            "{\"regex\":\"(\"}");
        Add("guided_json", "\"x\"", "{\"not\":{}}");
        Add("functions", "[{\"name\":\"add\"}]");
        Add("modalities", "[\"text\",\"audio\"]");
        Add("dry_sequence_breakers", "5", "[1]");
        Add("priority", "1e9");
        return cases;
    }

    [Theory, MemberData(nameof(WrongValues))]
    public async Task A_wrong_value_is_400_and_named(string path, string field, string value)
    {
        // The last of equal keys would win; duplicates are refused, so the field replaces the usual one.
        var rest = string.Join(',', Hi.Split(",\"max").Select((part, i) => i == 0 ? part : "\"max" + part)
            .Where(part => !part.StartsWith($"\"{field}\"", StringComparison.Ordinal)));
        var before = rest.Length > 0 ? rest + "," : "";
        var (status, body) = await server.PostAsync(path, $"{{{before}\"{field}\":{value}}}");

        Assert.Equal(400, status);
        Assert.NotEmpty((string)body["error"]!["message"]!);
        Assert.StartsWith(field, (string)body["error"]!["param"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("{\"prompt\":\"a\"} trailing")]
    [InlineData("\uFEFF{\"prompt\":\"a\"}")]
    [InlineData("{\"prompt\":NaN}")]
    [InlineData("{\"prompt\":\"a\",\"prompt\":\"b\"}")]
    [InlineData("{\"prompt\":\"\\ud800\"}")]
    public async Task What_is_not_json_is_400(string body)
    {
        var (status, answer) = await server.PostAsync(Text, body);

        Assert.Equal((400, "invalid_json"), (status, (string?)answer["error"]!["code"]));
    }

    [Fact]
    public async Task Depth_is_bounded()
    {
        var (status, answer) = await server.PostAsync(
            Text, $"{{\"prompt\":\"a\",\"x\":{new string('[', 200)}{new string(']', 200)}}}");

        Assert.Equal((400, "invalid_json"), (status, (string?)answer["error"]!["code"]));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_400()
    {
        using var content = new ByteArrayContent([.. "{\"prompt\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");
        using var response = await server.Client.PostAsync(Text, content, TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)response.StatusCode);
    }

    [Fact]
    public async Task Null_and_unknown_fields_are_as_if_absent()
    {
        var fields = WrongValues().Select(row => (string)row.Data.Item2).Where(field => field != "messages").Distinct();
        var (status, _) = await server.PostAsync(
            Chat, $"{{{Hi.Split(",\"max")[0]},{string.Join(',', fields.Select(field => $"\"{field}\":null"))},"
                + "\"no_such_field\":{\"a\":1}}");

        Assert.Equal(200, status);
    }

    [Theory]
    [InlineData("x", 1 << 20)]
    [InlineData(" ", 1 << 20)]
    [InlineData("<|im_end|>", 100_000)]
    public async Task A_long_prompt_is_refused_in_time(string piece, int times)
    {
        var text = string.Concat(Enumerable.Repeat(piece, times));
        var (status, answer) = await server.PostAsync(
            Text, new JsonObject { ["prompt"] = text, ["max_tokens"] = 1 }.ToJsonString());

        Assert.Equal((400, "context_length_exceeded"), (status, (string?)answer["error"]!["code"]));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Text);
        request.Content = new StringContent(
            $"{{\"prompt\":\"{new string('x', 9 << 20)}\"}}", Encoding.UTF8, "application/json");
        // Asked first, the server says so before the body is on its way.
        request.Headers.ExpectContinue = true;
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(413, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("org/..")]
    [InlineData("\u0000")]
    public async Task A_model_that_is_none_is_404(string name)
    {
        var (status, answer) = await server.PostAsync(
            Text, new JsonObject { ["model"] = name, ["prompt"] = "a" }.ToJsonString());

        Assert.Equal((404, "model_not_found"), (status, (string?)answer["error"]!["code"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_sent_is_answered_and_nothing_stays_behind(int seed)
    {
        await using var own = await TinyServer.StartAsync();
        var chance = new Random(seed);
        for (var i = 0; i < 150; i++)
        {
            var (path, body) = Mutants.Next(chance);
            using var response = await own.SendAsync(path, body);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            var status = (int)response.StatusCode;
            Assert.True(status < 500, $"{path} answered {status} to {body}: {text}");
            if (status >= 400) Assert.NotEmpty((string)JsonNode.Parse(text)!["error"]!["message"]!);
        }
        Assert.Equal(200, (await own.PostAsync(Text, """{"prompt":"Once","max_tokens":1}""")).Status);
        await own.SettleAsync();
    }

    /// <summary>Proper requests with something wrong in them.</summary>
    private static class Mutants
    {
        private static readonly (string Path, string Body)[] Proper =
        [
            (Chat, "{" + Hi + ",\"temperature\":1,\"top_p\":0.9,\"seed\":5,\"n\":2,\"logprobs\":true,"
                + "\"top_logprobs\":2,\"stop\":[\"x\"],\"logit_bias\":{\"5\":1},\"stream\":true,"
                + "\"stream_options\":{\"include_usage\":true},\"tools\":[{\"type\":\"function\","
                + "\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],"
                + "\"tool_choice\":\"auto\",\"response_format\":{\"type\":\"text\"}}"),
            (Chat, "{" + Hi + ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":"
                + "\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"a\"]}}}}"),
            (Text, "{\"prompt\":[\"a\",\"b\"],\"max_tokens\":2,\"echo\":true,\"logprobs\":2,\"best_of\":2,\"n\":1,"
                + "\"guided_regex\":\"[ab]+\"}"),
            ("/v1/embeddings", "{\"input\":[\"a\",\"b\"],\"encoding_format\":\"base64\",\"dimensions\":8}"),
            ("/tokenize", "{\"prompt\":\"a\",\"add_special_tokens\":true,\"return_token_strs\":true}"),
            ("/detokenize", "{\"tokens\":[1,2,3]}"),
            ("/apply-template", "{" + Hi + "}"),
        ];

        private static readonly string[] Odd =
        [
            "null", "-1", "0", "1e999", "\"\"", "\"\\u0000\"", "[]", "{}", "[[]]", "[null]", "{\"\":null}", "true",
            "9223372036854775807", "-0.0", "1e-400", "\"\\ud83d\\ude00\"", "\"<|im_end|>\"", "[1,\"a\"]",
        ];

        public static (string Path, string Body) Next(Random chance)
        {
            var (path, body) = Proper[chance.Next(Proper.Length)];
            return chance.Next(4) switch
            {
                0 => (path, Cut(body, chance)),
                1 => (path, Flip(body, chance)),
                _ => (path, Replace(JsonNode.Parse(body)!, chance)),
            };
        }

        private static string Cut(string body, Random chance) => body[..chance.Next(body.Length)];

        private static string Flip(string body, Random chance)
        {
            var text = new StringBuilder(body);
            text[chance.Next(text.Length)] = (char)chance.Next(32, 127);
            return text.ToString();
        }

        private static string Replace(JsonNode root, Random chance)
        {
            var places = new List<(JsonNode Parent, string Key)>();
            Collect(root, places);
            var (parent, key) = places[chance.Next(places.Count)];
            var odd = Odd[chance.Next(Odd.Length)];
            const string mark = "\u0001here";
            if (parent is JsonObject owner) owner[key] = mark;
            else parent.AsArray()[int.Parse(key, CultureInfo.InvariantCulture)] = mark;
            return root.ToJsonString().Replace("\"\\u0001here\"", odd, StringComparison.Ordinal);
        }

        private static void Collect(JsonNode node, List<(JsonNode, string)> places)
        {
            if (node is JsonObject owner)
            {
                foreach (var (key, value) in owner)
                {
                    // Without its limit a text could be long.
                    if (key != "max_tokens") places.Add((owner, key));
                    if (value is not null) Collect(value, places);
                }
            }
            if (node is not JsonArray list) return;
            for (var i = 0; i < list.Count; i++)
            {
                places.Add((list, i.ToString(CultureInfo.InvariantCulture)));
                if (list[i] is { } value) Collect(value, places);
            }
        }
    }
}
