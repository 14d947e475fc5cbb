using System.Globalization;

namespace Minka.Compute.Cpu;

/// <summary>What a Linux control group (a container) lets this process use.</summary>
/// <param name="Cores">Cores' worth of time; null without a quota.</param>
/// <param name="MemoryBytes">Most memory; null without a limit.</param>
/// <param name="FreeBytes">Memory left under the limit, file cache counted as free; null without a limit.</param>
internal sealed record ControlGroup(double? Cores, long? MemoryBytes, long? FreeBytes)
{
    /// <summary>Larger limits than this are the kernel's way to say that there is none.</summary>
    private const long UnlimitedBytes = 1L << 60;

    /// <summary>Reads version 2 and version 1 limits; the tightest of the group and its parents counts.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are: "/" but for tests.</param>
    public static ControlGroup Read(string root)
    {
        var group = new ControlGroup(null, null, null);
        foreach (var line in SystemFile.Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            // "0::/path" is version 2; "4:memory:/path" and "1:cpu,cpuacct:/path" are version 1.
            var parts = line.Split(':', 3);
            if (parts.Length < 3) continue;
            foreach (var controller in parts[1].Split(','))
            {
                var mount = Path.Combine(root, "sys/fs/cgroup", controller);
                foreach (var folder in Upwards(mount, parts[2]))
                    group = group.Tightened(CoresOf(folder), MemoryOf(folder), FreeOf(folder));
            }
        }
        return group;
    }

    // A container often sees its group mounted as the root while /proc names its path outside: both are tried.
    private static IEnumerable<string> Upwards(string mount, string path)
    {
        for (var inner = path.Trim('/'); inner.Length > 0; inner = Path.GetDirectoryName(inner) ?? "")
            yield return Path.Combine(mount, inner);
        yield return mount;
    }

    private ControlGroup Tightened(double? cores, long? bytes, long? free) =>
        new(Least(Cores, cores), Least(MemoryBytes, bytes), Least(FreeBytes, free));

    private static T? Least<T>(T? a, T? b)
        where T : struct, IComparable<T> =>
        a is not { } x ? b : b is not { } y ? a : x.CompareTo(y) < 0 ? a : b;

    private static double? CoresOf(string folder)
    {
        var words = SystemFile.FirstLine(Path.Combine(folder, "cpu.max")).Split(' ');     // "150000 100000"
        if (words.Length == 2) return Ratio(words[0], words[1]);
        return Ratio(SystemFile.FirstLine(Path.Combine(folder, "cpu.cfs_quota_us")),
            SystemFile.FirstLine(Path.Combine(folder, "cpu.cfs_period_us")));
    }

    private static double? Ratio(string quota, string period) =>
        long.TryParse(quota, CultureInfo.InvariantCulture, out var time) && time > 0
        && long.TryParse(period, CultureInfo.InvariantCulture, out var of) && of > 0 ? (double)time / of : null;

    private static long? MemoryOf(string folder) =>
        Bytes(folder, "memory.max") ?? Bytes(folder, "memory.limit_in_bytes");

    private static long? FreeOf(string folder)
    {
        if (MemoryOf(folder) is not { } limit) return null;
        var used = Bytes(folder, "memory.current") ?? Bytes(folder, "memory.usage_in_bytes") ?? 0;
        var cache = 0L;
        foreach (var line in SystemFile.Lines(Path.Combine(folder, "memory.stat")))
        {
            if (line.StartsWith("inactive_file ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(14), CultureInfo.InvariantCulture, out var bytes)) cache = bytes;
        }
        return Math.Clamp(limit - used + Math.Max(cache, 0), 0, limit);
    }

    private static long? Bytes(string folder, string file) =>
        long.TryParse(SystemFile.FirstLine(Path.Combine(folder, file)), CultureInfo.InvariantCulture, out var bytes)
        && bytes is >= 0 and < UnlimitedBytes ? bytes : null;
}
