namespace Minka.Server.Metrics;

/// <summary>The metrics that a request of one model observes; nothing is looked up or allocated on the way.</summary>
internal sealed class ModelMetrics(ServingMetrics serving, string name)
{
    private readonly Counter _stop = Ended(serving, name, "stop");
    private readonly Counter _length = Ended(serving, name, "length");
    private readonly Counter _abort = Ended(serving, name, "abort");
    private readonly Counter _error = Ended(serving, name, "error");

    /// <summary>Name of the model.</summary>
    public string Name => name;

    /// <summary>Label values of its series: the model's name, and the engine's number.</summary>
    public string[] Labels { get; } = LabelsOf(name);

    public Histogram Queue { get; } = serving.Times.Queue.With(LabelsOf(name));

    public Histogram FirstToken { get; } = serving.Times.FirstToken.With(LabelsOf(name));

    public Histogram FirstByte { get; } = serving.Times.FirstByte.With(LabelsOf(name));

    public Histogram InterToken { get; } = serving.Times.InterToken.With(LabelsOf(name));

    public Histogram PerToken { get; } = serving.Times.PerToken.With(LabelsOf(name));

    public Histogram EndToEnd { get; } = serving.Times.EndToEnd.With(LabelsOf(name));

    public Histogram Prefill { get; } = serving.Times.Prefill.With(LabelsOf(name));

    public Histogram Decode { get; } = serving.Times.Decode.With(LabelsOf(name));

    public Histogram Inference { get; } = serving.Times.Inference.With(LabelsOf(name));

    public Histogram PromptTokens { get; } = serving.Tokens.Prompt.With(LabelsOf(name));

    public Histogram GenerationTokens { get; } = serving.Tokens.Generation.With(LabelsOf(name));

    public Histogram LongestGeneration { get; } = serving.Tokens.LongestGeneration.With(LabelsOf(name));

    public Histogram ParamMaxTokens { get; } = serving.Tokens.ParamMaxTokens.With(LabelsOf(name));

    public Histogram ParamChoices { get; } = serving.Tokens.ParamChoices.With(LabelsOf(name));

    /// <summary>Requests that ended: <c>stop</c>, <c>length</c>, <c>abort</c>, anything else is an error.</summary>
    public Counter EndedBy(string reason) => reason switch
    {
        "stop" or "tool_calls" => _stop,
        "length" => _length,
        "abort" => _abort,
        _ => _error,
    };

    private static Counter Ended(ServingMetrics serving, string name, string reason) =>
        serving.Tokens.Success.With([.. LabelsOf(name), reason]);

    private static string[] LabelsOf(string name) => [name, "0"];
}
