using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Compute;
using Minka.Models;

namespace Minka.Cluster.Weights;

/// <summary>What a worker has of the weights of one rank: slices in its cache, or the whole model in a file.</summary>
internal sealed class RankWeights : IDisposable
{
    private readonly SliceCache _cache;
    private readonly ModelManifest? _manifest;
    private readonly IWeightFile? _whole;
    private readonly IReadOnlyList<WeightSlice> _slices;
    private readonly Dictionary<WeightSlice, IWeightSource> _here = [];
    private readonly List<SliceFile> _open = [];
    private IReadOnlyList<WeightSlice> _damaged = [];

    private RankWeights(string modelHash, SliceCache cache, ModelManifest? manifest, IWeightFile? whole,
        IReadOnlyList<WeightSlice> slices)
    {
        (ModelHash, _cache, _manifest, _whole, _slices) = (modelHash, cache, manifest, whole, slices);
        if (whole is null) OpenCached(slices);
    }

    public string ModelHash { get; }

    /// <summary>A copy of the whole model is here; some of it may be damaged.</summary>
    public bool IsWhole => _whole is not null;

    /// <summary>The copy is the file that the root itself reads.</summary>
    public bool IsRoots { get; private init; }

    /// <summary>Nothing is missing.</summary>
    public bool IsComplete => (IsWhole || _manifest is not null) && !Missing.Any();

    /// <summary>Slices that are not here.</summary>
    public IEnumerable<WeightSlice> Missing =>
        (IsWhole ? _damaged : _slices).Where(slice => !_here.ContainsKey(slice));

    /// <summary>Bytes of all slices of the rank.</summary>
    public long Bytes => _slices.Sum(slice => slice.Bytes);

    /// <summary>For loading; only when nothing is missing.</summary>
    public IWeightFile File => _whole is null ? new SlicedModel(_cache.Folder, _manifest!, _here)
        : _damaged.Count == 0 ? _whole
        : new SlicedModel(_whole.Path, _manifest!, _slices.ToDictionary(
            slice => slice, slice => _here.GetValueOrDefault(slice) ?? InWhole(slice)));

    /// <summary>Where weights come from, for people.</summary>
    public string Source => _whole?.Path ?? _cache.Folder;

    /// <summary>Slices, as many as the cache has of them.</summary>
    public static RankWeights OfSlices(
        string modelHash, SliceCache cache, ModelManifest manifest, IReadOnlyList<WeightSlice> slices) =>
        new(modelHash, cache, manifest, null, slices);

    /// <summary>A copy of the model: slices of the cache replace those of it that are damaged.</summary>
    public static RankWeights OfFile(
        string modelHash, SliceCache cache, ModelManifest? manifest, IWeightFile file,
        IReadOnlyList<WeightSlice> slices, bool isRoots) =>
        new(modelHash, cache, manifest, file, slices) { IsRoots = isRoots };

    /// <summary>
    /// Holds every slice of a copy against what the root's hashes to: its fingerprint does not see damage in the
    /// middle. Those that differ come from the cache, or are missing from here on.
    /// </summary>
    /// <returns>Those that differ.</returns>
    public IReadOnlyList<WeightSlice> Verify(SliceSumList sums)
    {
        if (!IsWhole) return [];
        var due = sums.Sums.ToDictionary(one => one.Hash, one => one.Sha256);
        var differs = new bool[_slices.Count];
        Parallel.For(0, differs.Length, i => differs[i] =
            due.TryGetValue(ByteString.CopyFrom(_slices[i].Hash(ModelHash)), out var sum)
            && !sum.Span.SequenceEqual(SliceSums.Hash(InWhole(_slices[i]))));
        _damaged = [.. _slices.Where((_, i) => differs[i])];
        OpenCached([.. Missing]);
        return _damaged;
    }

    /// <summary>What is missing, as a root is told.</summary>
    public IEnumerable<SliceNeed> Needs() => Missing.Select(slice => new SliceNeed
    {
        Hash = UnsafeByteOperations.UnsafeWrap(slice.Hash(ModelHash)),
        Name = slice.Title,
        Bytes = slice.Bytes,
        BytesHere = _cache.PartialBytes(ModelHash, slice),
        Cut = slice.Cut,
    });

    /// <summary>Makes room for what is missing.</summary>
    /// <exception cref="Protocol.Framing.GrpcException">There is none; says why.</exception>
    public void MakeRoom() => _cache.MakeRoom(
        Missing.Sum(slice => slice.Bytes - _cache.PartialBytes(ModelHash, slice)), _slices, ModelHash);

    /// <summary>Begins to write a slice, or goes on.</summary>
    public SliceWriter Write(WeightSlice slice) => _cache.Write(ModelHash, slice);

    /// <summary>Takes in a slice that was just written, which was verified as it came.</summary>
    public void Take(WeightSlice slice)
    {
        if (_cache.TryOpen(ModelHash, slice) is { } file) Add(slice, file);
    }

    /// <summary>A slice for another worker: from the whole model, or just as it lies in the cache.</summary>
    /// <returns>Null when it is not here.</returns>
    public IWeightSource? Find(SliceCut cut, out byte[]? sha256)
    {
        sha256 = null;
        if (_whole is not null) return FindInWhole(cut);
        foreach (var (slice, source) in _here)
            if (slice.Cut.Equals(cut) && source is SliceFile file)
            {
                sha256 = file.Sha256;
                return file;
            }
        return null;
    }

    public void Dispose()
    {
        _whole?.Dispose();
        _open.ForEach(file => file.Dispose());
        _here.Clear();
    }

    private IWeightSource InWhole(WeightSlice slice) => _whole!.TryFind(slice.Of.Name, out var weight)
        ? slice.From(weight)
        : throw new ModelFormatException($"'{_whole.Path}' has no weight '{slice.Of.Name}', which the root has.");

    private IWeightSource? FindInWhole(SliceCut cut)
    {
        if (!_whole!.TryFind(cut.Name, out var weight)) return null;
        var shape = new WeightShape(cut.Name, weight.Type, weight.Rows, weight.Columns);
        var most = cut.Axis == SliceAxis.Columns ? shape.Columns : shape.Rows;
        var block = shape.Type.BlockLength();
        if (cut.Axis is not (SliceAxis.Rows or SliceAxis.Columns) || cut.Start < 0 || cut.Start >= cut.End
            || cut.End > most || (cut.Axis == SliceAxis.Columns && (cut.Start % block != 0 || cut.End % block != 0)))
            return null;
        return new WeightSlice(shape, cut.Axis, cut.Start, cut.End).From(weight);
    }

    /// <summary>Opens what the cache has, and reads it once to see that it is sound.</summary>
    private void OpenCached(IReadOnlyList<WeightSlice> slices)
    {
        var files = slices.Select(slice => _cache.TryOpen(ModelHash, slice)).ToList();
        var isSound = new bool[slices.Count];
        Parallel.For(0, slices.Count, i => isSound[i] = files[i]?.IsSound() ?? false);
        for (var i = 0; i < slices.Count; i++)
        {
            if (files[i] is not { } file) continue;
            if (isSound[i]) Add(slices[i], file);
            else SliceCache.Delete(file);
        }
    }

    private void Add(WeightSlice slice, SliceFile file)
    {
        _cache.Touch(file);
        _open.Add(file);
        _here[slice] = slice.Within(file.Slice, file);
    }
}
