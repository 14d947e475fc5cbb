using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>Whether an answer is streamed, and what its stream tells of usage.</summary>
/// <param name="IsStream">Piece by piece.</param>
/// <param name="IncludesUsage">A last chunk counts tokens.</param>
/// <param name="CountsAlways">Every chunk counts tokens.</param>
internal readonly record struct StreamFields(bool IsStream, bool IncludesUsage, bool CountsAlways)
{
    /// <summary>Reads <c>stream</c> and <c>stream_options</c>.</summary>
    public static StreamFields Read(JsonFields fields)
    {
        var isStream = fields.Flag("stream") ?? false;
        if (fields.Object("stream_options") is not { } options) return new(isStream, false, false);
        if (!isStream) throw ApiFault.Invalid("stream_options", "'stream_options' needs 'stream': true.");
        var includes = options.Flag("include_usage") ?? false;
        return new(isStream, includes, includes && (options.Flag("continuous_usage_stats") ?? false));
    }
}
