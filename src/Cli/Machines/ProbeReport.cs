using System.Globalization;
using Minka.Cli.Screen;
using Minka.Cluster;
using Minka.Plan;

namespace Minka.Cli.Machines;

/// <summary>What probing found.</summary>
internal static class ProbeReport
{
    /// <summary>For people: machines, then links.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<ProbedMachine> machines, IReadOnlyList<ProbedLink> links)
    {
        var tables = terminal.Tables();
        Machines(machines).Write(tables);
        if (links.Count == 0) return;
        var table = new NumberTable(["link"], "there and back us", "p99", "MB/s", "Mbit/s");
        foreach (var link in links)
            table.Add(
                $"{machines[link.First].Address} - {machines[link.Second].Address}",
                Text($"{link.RoundTripP50Microseconds:F0}"), Text($"{link.RoundTripP99Microseconds:F0}"),
                Text($"{link.BytesPerSecond / 1e6:F1}"), Text($"{link.BytesPerSecond * 8 / 1e6:F0}"));
        table.Write(tables);
    }

    /// <summary>One object for a program.</summary>
    public static string ForPrograms(
        IReadOnlyList<ProbedMachine> machines, IReadOnlyList<ProbedLink> links, string problem) =>
        Json.WriteObject(json =>
        {
            json.WriteStartArray("machines");
            foreach (var (address, hello, speed, wrong) in machines)
            {
                json.WriteStartObject();
                json.WriteString("address", address);
                if (wrong.Length > 0) json.WriteString("problem", wrong);
                if (hello?.Machine is { } machine)
                {
                    json.WriteString("name", machine.Name);
                    json.WriteString("processor", machine.Processor);
                    json.WriteString("tier", machine.InstructionSet);
                    json.WriteNumber("cores", machine.Cores);
                    json.WriteNumber("threads", machine.Threads);
                    json.WriteNumber("memory_bytes", machine.MemoryBytes);
                    json.WriteNumber("memory_free_bytes", machine.MemoryFreeBytes);
                    json.WriteString("build", hello.Build);
                }
                if (speed is not null)
                {
                    json.WriteNumber("read_bytes_per_second", Math.Round(speed.ReadBytesPerSecond));
                    json.WriteNumber("read_bytes_per_second_one_thread",
                        Math.Round(speed.ReadBytesPerSecondOneThread));
                    json.WriteNumber("flops_per_second", Math.Round(speed.FlopsPerSecond));
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("links");
            foreach (var link in links)
            {
                json.WriteStartObject();
                json.WriteString("from", machines[link.First].Address);
                json.WriteString("to", machines[link.Second].Address);
                json.WriteNumber("round_trip_us_p50", Math.Round(link.RoundTripP50Microseconds, 1));
                json.WriteNumber("round_trip_us_p99", Math.Round(link.RoundTripP99Microseconds, 1));
                json.WriteNumber("bytes_per_second", Math.Round(link.BytesPerSecond));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            if (problem.Length > 0) json.WriteString("problem", problem);
        }, isIndented: true);

    /// <summary>What plans call it: machines by host, every number measured.</summary>
    public static string Topology(IReadOnlyList<ProbedMachine> machines, IReadOnlyList<ProbedLink> links)
    {
        var names = machines.Select(machine => machine.Address[..machine.Address.LastIndexOf(':')]).ToList();
        var topology = new Topology(
            [.. machines.Zip(names).Where(one => one.First.Speed is not null)
                .DistinctBy(one => one.Second).Select(one => NodeOf(one.First, one.Second))],
            [.. links.Where(link => names[link.First] != names[link.Second]).Select(link => new LinkSpec(
                names[link.First], names[link.Second], Measured(link.RoundTripP50Microseconds / 2),
                Measured(link.RoundTripP99Microseconds / 2), Measured(link.BytesPerSecond)))]);
        return PlanJson.WriteYaml(topology);
    }

    private static NodeSpec NodeOf(ProbedMachine machine, string name) => new()
    {
        Name = name,
        Address = machine.Address,
        MemoryBytes = machine.Hello!.Machine.MemoryBytes,
        ReserveBytes = Math.Max(0, machine.Hello.Machine.MemoryBytes - machine.Hello.Machine.MemoryFreeBytes),
        Devices =
        [
            new()
            {
                Kind = "cpu",
                Threads = machine.Hello.Machine.Threads,
                ReadBytesPerSecond = Measured(machine.Speed!.ReadBytesPerSecond),
                FlopsPerSecond = Measured(machine.Speed.FlopsPerSecond),
            },
        ],
    };

    private static Figure Measured(double value) => new(Math.Round(value, 1), FigureSource.Measured);

    private static NumberTable Machines(IReadOnlyList<ProbedMachine> machines)
    {
        var table = new NumberTable(["worker", "processor", "instructions"], "cores", "threads",
            "memory GiB", "free GiB", "GB/s", "GB/s alone", "GFLOP/s");
        foreach (var (address, hello, speed, problem) in machines)
        {
            var machine = hello?.Machine;
            if (machine is null) table.Add(address, problem);
            else table.Add(address, machine.Processor, machine.InstructionSet, Text($"{machine.Cores}"),
                Text($"{machine.Threads}"), Gib(machine.MemoryBytes), Gib(machine.MemoryFreeBytes),
                Rate(speed?.ReadBytesPerSecond), Rate(speed?.ReadBytesPerSecondOneThread),
                Rate(speed?.FlopsPerSecond));
        }
        return table;
    }

    private static string Gib(long bytes) => Text($"{bytes / (double)(1L << 30):F1}");

    private static string Rate(double? perSecond) => perSecond is { } rate ? Text($"{rate / 1e9:F1}") : "-";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
