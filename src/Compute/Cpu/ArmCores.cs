using System.Globalization;

namespace Minka.Compute.Cpu;

/// <summary>Names of Arm's cores, which Linux tells by numbers, and of the boards they are on.</summary>
internal static class ArmCores
{
    // Arm's own designs (implementer 0x41): "MIDR_EL1", part number, in each core's technical reference manual.
    private static readonly Dictionary<int, string> _designs = new()
    {
        [0xd03] = "Cortex-A53", [0xd04] = "Cortex-A35", [0xd05] = "Cortex-A55", [0xd07] = "Cortex-A57",
        [0xd08] = "Cortex-A72", [0xd09] = "Cortex-A73", [0xd0a] = "Cortex-A75", [0xd0b] = "Cortex-A76",
        [0xd0c] = "Neoverse N1", [0xd0d] = "Cortex-A77", [0xd40] = "Neoverse V1", [0xd41] = "Cortex-A78",
        [0xd46] = "Cortex-A510", [0xd47] = "Cortex-A710", [0xd49] = "Neoverse N2", [0xd4d] = "Cortex-A715",
        [0xd4f] = "Neoverse V2", [0xd80] = "Cortex-A520", [0xd81] = "Cortex-A720", [0xd8e] = "Neoverse N3",
    };

    /// <summary>
    /// <c>Raspberry Pi 5 Model B Rev 1.0 (Cortex-A76)</c>, or what of it is known; boards with two kinds of cores name
    /// both. Empty elsewhere.
    /// </summary>
    /// <param name="implementers">Who designed each core, as <c>0x41</c>.</param>
    /// <param name="parts">Which design each is, as <c>0xd0b</c>.</param>
    /// <param name="board">What the device tree says.</param>
    public static string Name(IEnumerable<string> implementers, IEnumerable<string> parts, string board)
    {
        var cores = string.Join(" + ", implementers.Zip(parts, Design).Where(name => name.Length > 0).Distinct());
        board = board.Trim('\0', ' ');
        return board.Length == 0 ? cores : cores.Length == 0 ? board : $"{board} ({cores})";
    }

    private static string Design(string implementer, string part) =>
        Number(implementer) == 0x41 && _designs.TryGetValue(Number(part), out var name) ? name : "";

    private static int Number(string hex) =>
        hex.StartsWith("0x", StringComparison.Ordinal)
        && int.TryParse(hex.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number : -1;
}
