using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Compute;
using Minka.Models;

namespace Minka.Cluster.Weights;

/// <summary>
/// What the root's slices must hash to, so that a copy of the model elsewhere is believed only where it is the same.
/// Hashed once: a start with the same file reads the sums of the last one.
/// </summary>
/// <param name="file">The root's model.</param>
/// <param name="modelHash">Its fingerprint.</param>
/// <param name="folder">Where sums are kept between starts; null for nowhere.</param>
internal sealed class SliceSums(IWeightFile file, string modelHash, string? folder)
{
    private const int ModelDigits = 32, BytesMax = 64 << 20;

    private readonly Lock _lock = new();
    private Dictionary<string, byte[]>? _known;

    /// <summary>The sums of some slices; those that are not known are read and hashed, on all cores.</summary>
    public SliceSumList Of(IReadOnlyList<WeightSlice> slices)
    {
        lock (_lock)
        {
            var known = _known ??= Read();
            WeightSlice[] unknown = [.. slices.Where(slice => !known.ContainsKey(slice.Title))];
            var sums = new byte[unknown.Length][];
            Parallel.For(0, unknown.Length, i => sums[i] = Hash(unknown[i].From(Find(unknown[i]))));
            for (var i = 0; i < unknown.Length; i++) known[unknown[i].Title] = sums[i];
            if (unknown.Length > 0) Write(known);
            var list = new SliceSumList();
            list.Sums.AddRange(slices.Select(slice => new SliceSum
            {
                Hash = UnsafeByteOperations.UnsafeWrap(slice.Hash(modelHash)),
                Sha256 = UnsafeByteOperations.UnsafeWrap(known[slice.Title]),
            }));
            return list;
        }
    }

    /// <summary>SHA-256 over all rows.</summary>
    public static byte[] Hash(IWeightSource slice)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rowBytes = slice.Type.RowBytes(slice.Columns);
        var rows = (int)Math.Clamp((1 << 18) / rowBytes, 1, slice.Rows);
        var bytes = new byte[checked(rows * rowBytes)];
        for (var row = 0; row < slice.Rows; row += rows)
        {
            var count = Math.Min(rows, slice.Rows - row);
            var part = bytes.AsSpan(0, (int)(count * rowBytes));
            slice.ReadRows(row, count, part);
            hash.AppendData(part);
        }
        return hash.GetHashAndReset();
    }

    private IWeightSource Find(WeightSlice slice) => file.TryFind(slice.Of.Name, out var weight)
        ? weight
        : throw new ModelFormatException($"'{file.Path}' has no weight '{slice.Of.Name}' any more; load it again.");

    private string PathOf() => Path.Combine(folder!, modelHash[..ModelDigits] + ".sums");

    /// <summary>Names, sizes and times of the files: others must be hashed anew.</summary>
    private string Identity()
    {
        var files = Directory.Exists(file.Path)
            ? new DirectoryInfo(file.Path).GetFiles()
            : new FileInfo(file.Path) is { Exists: true } one
                ? one.Directory!.GetFiles("*" + one.Extension)
                : [];
        var text = string.Join('\n', files.OrderBy(one => one.FullName, StringComparer.Ordinal).Select(one =>
            string.Create(CultureInfo.InvariantCulture, $"{one.FullName} {one.Length} {one.LastWriteTimeUtc.Ticks}")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private Dictionary<string, byte[]> Read()
    {
        var known = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        try
        {
            if (folder is null || new FileInfo(PathOf()) is not { Exists: true, Length: < BytesMax }) return known;
            using var lines = File.ReadLines(PathOf()).GetEnumerator();
            if (!lines.MoveNext() || lines.Current != Identity()) return known;
            while (lines.MoveNext())
                if (lines.Current.Split(' ') is [{ Length: 2 * SHA256.HashSizeInBytes } sum, var title])
                    known[title] = Convert.FromHexString(sum);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or FormatException)
        {
            known.Clear(); // As good as not there.
        }
        return known;
    }

    private void Write(Dictionary<string, byte[]> known)
    {
        if (folder is null) return;
        try
        {
            Directory.CreateDirectory(folder);
            var own = $"{PathOf()}.{Environment.ProcessId}";
            File.WriteAllLines(own,
                known.Select(one => $"{Convert.ToHexStringLower(one.Value)} {one.Key}").Prepend(Identity()));
            File.Move(own, PathOf(), overwrite: true);
        }
        catch (Exception harmless) when (harmless is IOException or UnauthorizedAccessException)
        {
            // Then the next start hashes again.
        }
    }
}
