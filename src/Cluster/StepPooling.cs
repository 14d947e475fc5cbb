using Minka.Collectives;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Cluster;

/// <summary>The root's part of embeddings: which rows of a step are summed, and whose sums come back.</summary>
/// <param name="limits">The largest step.</param>
/// <param name="width">D; 0 where nothing is pooled.</param>
internal sealed class StepPooling(StepLimits limits, int width)
{
    private readonly int[] _rows = new int[limits.Sequences];
    private readonly Queue<(int Piece, int Sequence, int Rows)> _coming = [];
    private readonly double[] _sum = new double[width];
    private float[] _sums = [];

    /// <summary>Of each chunk, how many of its last tokens an embedding lacks; empty if there is none.</summary>
    public ReadOnlySpan<int> RowsOf(Batch? batch)
    {
        _coming.Clear();
        if (width == 0 || batch is null || !BatchPooler.Wants(batch)) return [];
        for (var i = 0; i < batch.Chunks.Length; i++) _rows[i] = BatchPooler.RowsOf(batch.Chunks[i]);
        return _rows.AsSpan(0, batch.Chunks.Length);
    }

    /// <summary>Remembers what a piece of the step will answer.</summary>
    /// <param name="piece">Which piece.</param>
    /// <param name="first">Its first sequence.</param>
    /// <param name="pooled">Of its sequences, how many of their last tokens are summed.</param>
    public void Sent(int piece, int first, ReadOnlySpan<int> pooled)
    {
        for (var i = 0; i < pooled.Length; i++)
            if (pooled[i] > 0) _coming.Enqueue((piece, first + i, pooled[i]));
    }

    /// <summary>Receives the sums of a piece, and gives them to the sequences.</summary>
    /// <param name="piece">Which piece.</param>
    /// <param name="ranks">Whence.</param>
    /// <param name="rank">Who has summed.</param>
    /// <param name="batch">The step.</param>
    /// <exception cref="PeerLostException">The rank is gone or silent.</exception>
    public void Receive(int piece, ICommunicator ranks, int rank, Batch batch)
    {
        if (_coming.Count == 0) return;
        var count = _coming.Count(one => one.Piece == piece);
        if (count == 0) return;
        if (_sums.Length < count * width) _sums = new float[limits.Sequences * width];
        var sums = _sums.AsSpan(0, count * width);
        ranks.Receive(rank, sums);
        for (; sums.Length > 0; sums = sums[width..])
        {
            var (_, sequence, rows) = _coming.Dequeue();
            for (var i = 0; i < width; i++) _sum[i] = sums[i];
            BatchPooler.Add(batch.Chunks[sequence], rows, _sum);
        }
    }
}
