using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Weights;

/// <summary>Takes the slices that a rank lacks, from the root or from a worker that it names, into the cache.</summary>
/// <param name="weights">What is here; grows.</param>
/// <param name="key">For other workers.</param>
/// <param name="log">Takes a line now and then.</param>
/// <param name="time">Clock of those lines.</param>
internal sealed class SliceReceiver(RankWeights weights, PresharedKey? key, Action<string> log, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _connectWithin = TimeSpan.FromSeconds(5);

    private readonly Dictionary<ByteString, WeightSlice> _missing =
        weights.Missing.ToDictionary(slice => ByteString.CopyFrom(slice.Hash(weights.ModelHash)));
    private readonly Dictionary<ByteString, ByteString> _sums = [];
    private readonly long _start = time.GetTimestamp();
    private readonly long _total = weights.Bytes;
    private long _here = weights.Bytes - weights.Needs().Sum(need => need.Bytes - need.BytesHere);
    private TimeSpan _saidAt;
    private SliceWriter? _writer;
    private WeightSlice _slice;

    /// <summary>Bytes taken.</summary>
    public long BytesTaken { get; private set; }

    /// <summary>Slices that became complete.</summary>
    public int Completed { get; private set; }

    /// <summary>Takes what slices must hash to, wherever they come from; a copy on this machine is verified.</summary>
    public void Expect(SliceSumList sums)
    {
        foreach (var sum in sums.Sums) _sums[sum.Hash] = sum.Sha256;
        var damaged = weights.Verify(sums);
        if (damaged.Count > 0)
            log($"'{weights.Source}' is not what the root has in {damaged.Count} of its slices ({damaged[0].Title}"
                + $"{(damaged.Count > 1 ? " and others" : "")}): it is damaged or was changed; they are fetched, and "
                + "copying the model here again saves that.");
    }

    /// <summary>Takes the next bytes of a slice.</summary>
    /// <exception cref="GrpcException">They do not fit, arrived damaged, or the disk does not take them.</exception>
    public void Take(SliceChunk chunk)
    {
        try
        {
            TakeData(chunk);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"A slice could not be written to "
                + $"'{weights.Source}': {wrong.Message.TrimEnd('.')}; make room, or name another folder with "
                + "--cache-dir.", wrong);
        }
    }

    /// <summary>Fetches slices from another worker; what it has not, or breaks off, stays missing.</summary>
    public async Task FetchAsync(SlicesAtPeer at, CancellationToken cancellation)
    {
        var request = new ReadSlicesRequest { ModelHash = weights.ModelHash };
        request.Wanted.AddRange(weights.Needs().Where(need => at.Hashes.Contains(need.Hash)));
        if (request.Wanted.Count == 0) return;
        log($"Fetching {request.Wanted.Count} slices from the worker at {at.Address}.");
        try
        {
            using var peer = new ControlClient(at.Address, key, _connectWithin);
            await foreach (var chunk in peer.ReadSlicesAsync(request, cancellation)) Take(chunk);
        }
        catch (GrpcException failed) when (failed.Status is not GrpcStatus.ResourceExhausted)
        {
            log($"The worker at {at.Address} did not send all of it: {failed.Message}");
        }
    }

    public void Dispose() => _writer?.Dispose();

    private void TakeData(SliceChunk chunk)
    {
        if (_writer is null || !chunk.Hash.Equals(ByteString.CopyFrom(_slice.Hash(weights.ModelHash))))
        {
            if (!_missing.TryGetValue(chunk.Hash, out _slice))
                throw new GrpcException(GrpcStatus.InvalidArgument, "A slice came that is not missing.");
            _writer?.Dispose();
            _writer = weights.Write(_slice);
        }
        if (chunk.Data.Length > SliceSender.DataMax || chunk.Offset != _writer.Length
            || chunk.Data.Length > _slice.Bytes - _writer.Length)
            throw new GrpcException(GrpcStatus.Aborted, $"{chunk.Data.Length} bytes of {_slice.Title} came for "
                + $"offset {chunk.Offset}, where {_writer.Length} of {_slice.Bytes} are here.");
        _writer.Append(chunk.Data.Span);
        BytesTaken += chunk.Data.Length;
        _here += chunk.Data.Length;
        if (_writer.IsFull) Complete(chunk);
        Say();
    }

    private void Complete(SliceChunk chunk)
    {
        var isSound = _writer!.TryComplete(_sums.GetValueOrDefault(chunk.Hash, chunk.Sha256).Span);
        _writer.Dispose();
        _writer = null;
        if (!isSound)
            throw new GrpcException(GrpcStatus.DataLoss, $"{_slice.Title} arrived damaged (SHA-256).");
        _missing.Remove(chunk.Hash);
        weights.Take(_slice);
        Completed++;
    }

    private void Say()
    {
        var elapsed = time.GetElapsedTime(_start);
        if (_missing.Count > 0 && elapsed - _saidAt < _between) return;
        if (_missing.Count == 0 && _saidAt == TimeSpan.Zero && elapsed < _between) return;
        _saidAt = elapsed;
        log($"Weights: {_here >> 20} of {_total >> 20} MiB here, "
            + $"{BytesTaken / Math.Max(1e-3, elapsed.TotalSeconds) / 1e6:0} MB/s.");
    }
}
