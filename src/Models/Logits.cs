using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Minka.Models;

/// <summary>What is asked about a row of logits.</summary>
public static class Logits
{
    /// <summary>Where the largest is; of equal ones the first.</summary>
    /// <param name="row">At least one. Those that are no numbers count less than any that is one.</param>
    public static int IndexOfLargest(ReadOnlySpan<float> row)
    {
        // As integers, because a search among floats goes one by one.
        var largest = TensorPrimitives.Max(row);
        if (!float.IsNaN(largest))
            return MemoryMarshal.Cast<float, int>(row).IndexOf(BitConverter.SingleToInt32Bits(largest));
        var index = 0;
        for (var i = 1; i < row.Length; i++)
            if (row[i] > row[index] || float.IsNaN(row[index])) index = i;
        return index;
    }
}
