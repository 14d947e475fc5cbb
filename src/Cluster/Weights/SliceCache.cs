using System.Globalization;
using Minka.Cluster.Protocol.Framing;

namespace Minka.Cluster.Weights;

/// <summary>Slices of models on this machine's disk, by model and cut; what was not used longest makes room.</summary>
/// <remarks>
/// A folder for each model, a file for each slice. Several processes may share it: files appear whole, under their
/// final name, and one that is deleted while another process reads it stays readable there.
/// </remarks>
public sealed class SliceCache
{
    private const string Ending = ".slice", Partial = ".part";
    private const int ModelDigits = 32;

    private readonly TimeProvider _time;

    /// <param name="folder">Where; made when something is put into it.</param>
    /// <param name="bytesMax">Most bytes of it.</param>
    /// <param name="time">Clock of what was used last.</param>
    public SliceCache(string folder, long bytesMax, TimeProvider time) =>
        (Folder, BytesMax, _time) = (Path.GetFullPath(folder), bytesMax, time);

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>Most bytes of it.</summary>
    public long BytesMax { get; }

    /// <summary>Where it is if nobody says otherwise.</summary>
    public static string DefaultFolder
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg
                : OperatingSystem.IsWindows()
                    ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "minka", "slices");
        }
    }

    /// <summary>Opens a slice, or a larger one that it is within.</summary>
    /// <returns>Not yet verified; null when there is none.</returns>
    internal SliceFile? TryOpen(string modelHash, WeightSlice slice) =>
        SliceFile.TryOpen(PathOf(modelHash, slice), slice, modelHash) ?? TryOpenLarger(modelHash, slice);

    /// <summary>Says that a slice is of use, so that others go first.</summary>
    internal void Touch(SliceFile file)
    {
        try
        {
            File.SetLastWriteTimeUtc(file.Path, _time.GetUtcNow().UtcDateTime);
        }
        catch (Exception harmless) when (harmless is IOException or UnauthorizedAccessException)
        {
            // Then it is older than it could be.
        }
    }

    /// <summary>Takes a damaged slice out.</summary>
    internal static void Delete(SliceFile file)
    {
        file.Dispose();
        TryDelete(file.Path);
    }

    /// <summary>Bytes of a slice that broke off.</summary>
    internal long PartialBytes(string modelHash, WeightSlice slice)
    {
        var file = new FileInfo(PathOf(modelHash, slice) + Partial);
        return file.Exists ? SliceWriter.PartialBytes(file.Length, slice) : 0;
    }

    /// <summary>Begins to write a slice, or goes on with the half that is there.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    internal SliceWriter Write(string modelHash, WeightSlice slice)
    {
        var path = PathOf(modelHash, slice);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return SliceWriter.Open(path + Partial, path, slice, modelHash);
        }
        catch (IOException)
        {
            // Another worker of this machine writes the same one; the last to finish wins, and both are right. What is
            // wrong with the disk is wrong here too.
            var own = $"{path}.{Guid.CreateVersion7(_time.GetUtcNow()):n}{Partial}";
            return SliceWriter.Open(own, path, slice, modelHash, isTemporary: true);
        }
    }

    /// <summary>Deletes what was not used longest until so many bytes more fit.</summary>
    /// <param name="bytes">Bytes that will be written.</param>
    /// <param name="keep">Slices that stay.</param>
    /// <param name="modelHash">Their model.</param>
    /// <exception cref="GrpcException">They cannot fit; says why.</exception>
    internal void MakeRoom(long bytes, IReadOnlyCollection<WeightSlice> keep, string modelHash)
    {
        Directory.CreateDirectory(Folder);
        var kept = keep.SelectMany(slice => new[] { PathOf(modelHash, slice), PathOf(modelHash, slice) + Partial })
            .ToHashSet(StringComparer.Ordinal);
        var files = new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.Name.EndsWith(Ending, StringComparison.Ordinal)
                || file.Name.EndsWith(Partial, StringComparison.Ordinal)).ToList();
        var used = files.Sum(file => file.Length);
        var stays = files.Where(file => kept.Contains(file.FullName)).Sum(file => file.Length);
        if (stays + bytes > BytesMax)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"The slices of this rank take {Mib(stays + bytes)} "
                + $"MiB and the cache in '{Folder}' may hold {Mib(BytesMax)} MiB; raise --cache-max, or copy the model "
                + "to this machine and name it with --model.");
        foreach (var old in files.Where(file => !kept.Contains(file.FullName)).OrderBy(file => file.LastWriteTimeUtc))
        {
            if (used + bytes <= BytesMax && FreeBytes() >= bytes) break;
            if (TryDelete(old.FullName)) used -= old.Length;
        }
        if (FreeBytes() is var free && free < bytes)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"{Mib(bytes)} MiB of slices are missing and the "
                + $"disk of '{Folder}' has {Mib(free)} MiB free; make room, or name another folder with --cache-dir.");
    }

    private SliceFile? TryOpenLarger(string modelHash, WeightSlice slice)
    {
        var folder = FolderOf(modelHash);
        if (!Directory.Exists(folder)) return null;
        foreach (var path in Directory.EnumerateFiles(folder, $"{slice.Of.Name}.*{Ending}"))
            if (SliceOf(Path.GetFileName(path), slice) is { } other && slice.IsWithin(other)
                && SliceFile.TryOpen(path, other, modelHash) is { } file) return file;
        return null;
    }

    /// <summary>The slice that a file's name says, of the same weight.</summary>
    private static WeightSlice? SliceOf(string name, WeightSlice like)
    {
        var cut = name[(like.Of.Name.Length + 1)..^Ending.Length].Split('.', '-');
        if (cut.Length != 3 || !int.TryParse(cut[1], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            || !int.TryParse(cut[2], NumberStyles.None, CultureInfo.InvariantCulture, out var end)) return null;
        return cut[0] switch
        {
            "rows" when start < end && end <= like.Of.Rows => WeightSlice.OfRows(like.Of, start..end),
            "columns" when start < end && end <= like.Of.Columns
                && start % Compute.DTypes.BlockLength(like.Of.Type) == 0
                && end % Compute.DTypes.BlockLength(like.Of.Type) == 0 => WeightSlice.OfColumns(like.Of, start..end),
            _ => null,
        };
    }

    private string FolderOf(string modelHash) => Path.Combine(Folder, modelHash[..ModelDigits]);

    private string PathOf(string modelHash, WeightSlice slice) =>
        Path.Combine(FolderOf(modelHash), slice.Title + Ending);

    private long FreeBytes() => new DriveInfo(Folder).AvailableFreeSpace;

    private static bool TryDelete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception inUse) when (inUse is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long Mib(long bytes) => (bytes + (1 << 20) - 1) >> 20;
}
