using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Python's <c>sorted</c>: a stable merge sort, in which an order without sense (NaN) does no harm.</summary>
internal static class Ordering
{
    /// <summary>The items in the order of their keys; equal keys stay as they are, reversed or not.</summary>
    public static T[] Sort<T>(Renderer renderer, T[] items, Func<T, TemplateValue> keyOf, bool isReversed)
    {
        renderer.Budget.MakeItems(3L * items.Length);
        var keys = Array.ConvertAll(items, item => keyOf(item));
        int[] order = [.. Enumerable.Range(0, items.Length)];
        var spare = new int[items.Length];
        for (var width = 1; width < items.Length; width *= 2)
        {
            for (var start = 0; start < items.Length; start += 2 * width)
                Merge(start, Math.Min(start + width, items.Length), Math.Min(start + (2 * width), items.Length));
            (order, spare) = (spare, order);
        }

        return Array.ConvertAll(order, index => items[index]);

        void Merge(int left, int middle, int end)
        {
            var right = middle;
            for (var (at, first) = (left, left); at < end; at++)
            {
                var takesRight = first == middle || (right < end && Precedes(order[right], order[first]));
                spare[at] = takesRight ? order[right++] : order[first++];
            }
        }

        bool Precedes(int a, int b)
        {
            var sign = Comparison.Order(renderer, keys[a], keys[b]);
            return isReversed ? sign > 0 : sign < 0;
        }
    }
}
