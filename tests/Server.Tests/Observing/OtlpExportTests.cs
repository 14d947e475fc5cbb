using Minka.Server.Observing;

namespace Minka.Server.Tests.Observing;

public sealed class OtlpExportTests
{
    private const string Ask = """{"messages":[{"role":"user","content":"What is 12 + 30?"}],"max_tokens":9}""";

    // Numbers of opentelemetry-proto: resource_spans 1 > scope_spans 2 > spans 2 > name 5, trace_id 1, parent 4.
    private const string Span = "/1/2/2";

    [Fact]
    public async Task A_request_becomes_a_span_in_the_clients_trace_with_its_parts_and_tokens()
    {
        await using var collector = await Collector.StartAsync();
        await using (var server = new TinyServer(new ServerOptions { OtelVariables = Variables(collector) }))
        {
            await server.InitializeAsync();
            server.Client.DefaultRequestHeaders.Add(
                "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            var (status, _) = await server.PostAsync("/v1/chat/completions", Ask);
            Assert.Equal(200, status);
        }

        var fields = collector.Fields("/v1/traces");

        var names = fields.Where(field => field.Path == $"{Span}/5").Select(field => field.Text).Order();
        Assert.Equal(["chat minka-tiny", "decode", "prefill", "queue"], names);
        Assert.All(fields.Where(field => field.Path == $"{Span}/1"), field =>
            Assert.Equal("0AF7651916CD43DD8448EB211C80319C", Convert.ToHexString(field.Bytes)));
        Assert.Contains("B7AD6B7169203331",
            fields.Where(field => field.Path == $"{Span}/4").Select(field => Convert.ToHexString(field.Bytes)));
        var keys = fields.Where(field => field.Path == $"{Span}/9/1").Select(field => field.Text).ToList();
        Assert.Contains("gen_ai.usage.input_tokens", keys);
        Assert.Contains("gen_ai.usage.output_tokens", keys);
        Assert.Contains("gen_ai.response.finish_reasons", keys);
        Assert.Contains(fields, field => field.Text == "a-service");
        Assert.DoesNotContain(fields, field => field.Text.Contains("What is", StringComparison.Ordinal));
        var starts = fields.Where(field => field.Path == $"{Span}/7").Select(field => field.Number).ToList();
        var ends = fields.Where(field => field.Path == $"{Span}/8").Select(field => field.Number).ToList();
        Assert.All(starts.Zip(ends), span => Assert.True(span.First <= span.Second));
    }

    [Fact]
    public async Task Metrics_are_sent_under_opentelemetrys_names_and_our_own()
    {
        await using var collector = await Collector.StartAsync();
        await using (var server = new TinyServer(new ServerOptions { OtelVariables = Variables(collector) }))
        {
            await server.InitializeAsync();
            await server.PostAsync("/v1/chat/completions", Ask);
        }

        // resource_metrics 1 > scope_metrics 2 > metrics 2 > name 1
        var names = collector.Fields("/v1/metrics").Where(field => field.Path == "/1/2/2/1")
            .Select(field => field.Text).ToHashSet();

        Assert.Contains("gen_ai.server.request.duration", names);
        Assert.Contains("gen_ai.server.time_to_first_token", names);
        Assert.Contains("gen_ai.server.time_per_output_token", names);
        Assert.Contains("minka_generation_tokens", names);
        Assert.Contains("minka_requests_running", names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, "OTEL_EXPORTER_OTLP_ENDPOINT=http://x")]
    [InlineData(true, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://x")]
    [InlineData(false, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://x")]
    [InlineData(false, "OTEL_EXPORTER_OTLP_ENDPOINT=http://x", "OTEL_TRACES_EXPORTER=none")]
    [InlineData(false, "OTEL_EXPORTER_OTLP_ENDPOINT=http://x", "OTEL_SDK_DISABLED=true")]
    [InlineData(true, "OTEL_TRACES_EXPORTER=otlp")]
    public void Traces_are_sent_only_where_the_variables_say_so(bool expected, params string[] variables) =>
        Assert.Equal(expected, OtelVariables.Wants(
            variables.Select(one => one.Split('=')).ToDictionary(one => one[0], one => one[1]), "TRACES"));

    [Theory]
    [InlineData("", 2000)]
    [InlineData("500", 500)]
    [InlineData("0", 2000)]
    [InlineData("-1", 2000)]
    [InlineData("soon", 2000)]
    public void What_is_left_at_the_end_is_sent_for_as_long_as_an_export_may_take(string timeout, int expected) =>
        Assert.Equal(expected, OtelVariables.LastExportMs(
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_TIMEOUT"] = timeout }));

    private static Dictionary<string, string> Variables(Collector collector) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_SERVICE_NAME"] = "a-service",
        ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "120000",
    };
}
