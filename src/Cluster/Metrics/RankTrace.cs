using Minka.Cluster.Protocol;
using Minka.Collectives.Metrics;

namespace Minka.Cluster.Metrics;

/// <summary>What one process of a cluster did, on a clock that all of them share.</summary>
/// <param name="Process">Number of the process in the trace: its rank, or one past the ranks for the root.</param>
/// <param name="Name">For people.</param>
/// <param name="OffsetNanoseconds">To subtract from the entries' times.</param>
/// <param name="ErrorNanoseconds">How far off that may be: half the round trip that measured it.</param>
/// <param name="Entries">On the process's own clock.</param>
public sealed record RankTrace(
    int Process, string Name, long OffsetNanoseconds, long ErrorNanoseconds, IReadOnlyList<TraceEntry> Entries)
{
    /// <summary>As many as fit a message with room to spare.</summary>
    private const int SpansOfChunk = 8192;

    internal static IEnumerable<TraceChunk> Spans(IReadOnlyList<TraceEntry> entries)
    {
        foreach (var some in entries.Chunk(SpansOfChunk))
        {
            var chunk = new TraceChunk();
            foreach (var entry in some)
                chunk.Spans.Add(new TraceSpan
                {
                    Name = entry.Name, StartNanoseconds = entry.Start, DurationNanoseconds = entry.Duration,
                    WaitNanoseconds = entry.Wait, TransferNanoseconds = entry.Transfer, Bytes = entry.Bytes,
                });
            yield return chunk;
        }
    }

    internal static TraceEntry Entry(TraceSpan span) => new(span.Name, span.StartNanoseconds,
        span.DurationNanoseconds, span.WaitNanoseconds, span.TransferNanoseconds, span.Bytes);
}
