namespace Minka.LoadTest.Report;

/// <summary>A point of a line.</summary>
/// <param name="X">Value on the axis.</param>
/// <param name="Y">Value on the axis.</param>
/// <param name="Tip">Told under the pointer; empty for a point without a mark.</param>
/// <param name="Label">Stands beside the mark; empty for none.</param>
internal readonly record struct PlotPoint(double X, double Y, string Tip = "", string Label = "");

/// <summary>A line of a plot.</summary>
/// <param name="Name">For the legend; empty for none.</param>
/// <param name="Colour">A CSS colour, by variables so that it follows the scheme.</param>
/// <param name="Points">From left to right.</param>
/// <param name="Dash">SVG's dashes; empty for a whole line.</param>
/// <param name="IsArea">Filled down to the axis.</param>
internal sealed record PlotLine(
    string Name, string Colour, IReadOnlyList<PlotPoint> Points, string Dash = "", bool IsArea = false);

/// <summary>A bar of a plot.</summary>
/// <param name="Group">Place on the axis, from 0.</param>
/// <param name="Value">Height.</param>
/// <param name="Colour">A CSS colour.</param>
/// <param name="Tip">Told under the pointer.</param>
/// <param name="Slot">Place within the group, and places that it has.</param>
internal sealed record PlotBar(int Group, double Value, string Colour, string Tip, (int Index, int Count) Slot);

/// <summary>A line across the plot with a word on it.</summary>
/// <param name="Value">Where it is.</param>
/// <param name="Label">The word.</param>
/// <param name="IsVertical">It stands on the axis of X.</param>
internal sealed record PlotLimit(double Value, string Label, bool IsVertical);
