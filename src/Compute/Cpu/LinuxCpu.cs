using System.Globalization;

namespace Minka.Compute.Cpu;

/// <summary>What Linux says about cores and memory.</summary>
/// <param name="Model">Name of the CPU; empty where the kernel does not tell.</param>
/// <param name="PhysicalCores">Cores of this process, hyper-threads of a core counted once; 0 unknown.</param>
/// <param name="Caches">Bytes of the first core's data caches by level, from 1.</param>
/// <param name="TotalBytes">Memory of the machine; 0 unknown.</param>
/// <param name="FreeBytes">Memory that could be had without swapping; 0 unknown.</param>
internal sealed record LinuxCpu(
    string Model, int PhysicalCores, IReadOnlyDictionary<int, long> Caches, long TotalBytes, long FreeBytes)
{
    /// <summary>Reads <c>/proc</c> and <c>/sys</c>.</summary>
    /// <param name="root">"/" but for tests.</param>
    public static LinuxCpu Read(string root)
    {
        var cores = Path.Combine(root, "sys/devices/system/cpu");
        var memory = Path.Combine(root, "proc/meminfo");
        var info = Path.Combine(root, "proc/cpuinfo");
        var model = Field(info, "model name");
        return new(
            model.Length > 0 ? model : ArmCores.Name(
                Fields(info, "CPU implementer"), Fields(info, "CPU part"),
                SystemFile.FirstLine(Path.Combine(root, "proc/device-tree/model"))),
            AllowedCores(root, cores),
            CachesOf(Path.Combine(cores, "cpu0/cache")),
            Kibibytes(Field(memory, "MemTotal")),
            Kibibytes(Field(memory, "MemAvailable")));
    }

    /// <summary>Numbers of a list such as <c>0-3,8</c>.</summary>
    internal static IEnumerable<int> Numbers(string list)
    {
        foreach (var part in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], CultureInfo.InvariantCulture, out var last)) continue;
            for (var i = first; i <= last && i - first < ThreadTeam.SizeMax * 16; i++) yield return i;
        }
    }

    private static int AllowedCores(string root, string folder)
    {
        var cores = new HashSet<string>(StringComparer.Ordinal);
        foreach (var core in Numbers(Field(Path.Combine(root, "proc/self/status"), "Cpus_allowed_list")))
        {
            var topology = Path.Combine(folder, $"cpu{core}", "topology");
            var siblings = SystemFile.FirstLine(Path.Combine(topology, "core_cpus_list"));
            if (siblings.Length == 0) siblings = SystemFile.FirstLine(Path.Combine(topology, "thread_siblings_list"));
            if (siblings.Length > 0) cores.Add(siblings);
        }
        return cores.Count;
    }

    private static Dictionary<int, long> CachesOf(string folder)
    {
        var caches = new Dictionary<int, long>();
        for (var i = 0; i < 8; i++)
        {
            var index = Path.Combine(folder, $"index{i}");
            var size = SystemFile.FirstLine(Path.Combine(index, "size"));
            var isCode = SystemFile.FirstLine(Path.Combine(index, "type")) == "Instruction";
            if (isCode || !int.TryParse(SystemFile.FirstLine(Path.Combine(index, "level")), out var level)) continue;
            caches[level] = Kibibytes(size);
        }
        return caches;
    }

    /// <summary>Bytes of <c>32768K</c>, <c>8M</c> or <c>1024 kB</c>.</summary>
    internal static long Kibibytes(string text)
    {
        var digits = text.AsSpan().TrimEnd(" kKbBM");
        if (!long.TryParse(digits, CultureInfo.InvariantCulture, out var number)
            || number is < 0 or > (1L << 40)) return 0;
        return number << (text.EndsWith('M') ? 20 : 10);
    }

    private static string Field(string path, string name) => Fields(path, name).FirstOrDefault("");

    private static IEnumerable<string> Fields(string path, string name)
    {
        foreach (var line in SystemFile.Lines(path))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name)) yield return line[(colon + 1)..].Trim();
        }
    }
}
