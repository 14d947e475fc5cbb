namespace Minka.Collectives.Wires;

/// <summary>Number formats by name.</summary>
internal static class Wires
{
    public static IReadOnlyList<IWire> All { get; } = [new F32Wire(), new F16Wire(), new Q8Wire()];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IWire Named(string name) => All.FirstOrDefault(wire => wire.Name == name)
        ?? throw new ArgumentException($"There is no wire format '{name}'; there are "
            + $"{string.Join(", ", All.Select(wire => wire.Name))}.");
}
