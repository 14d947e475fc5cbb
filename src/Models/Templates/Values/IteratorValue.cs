using System.Collections;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>
/// What <c>map</c>, <c>select</c> and their like return: a generator that works item by item and can be walked once.
/// </summary>
/// <param name="budget">Charged for every item.</param>
/// <param name="items">The items.</param>
/// <param name="typeName">Python's type of it.</param>
internal sealed class IteratorValue(
    RenderBudget budget, IEnumerable<TemplateValue> items, string typeName = "generator")
    : TemplateValue, IEnumerable<TemplateValue>, IEnumerator<TemplateValue>
{
    private readonly IEnumerator<TemplateValue> _items = items.GetEnumerator();

    /// <inheritdoc/>
    public TemplateValue Current => _items.Current;

    internal override string TypeName => typeName;

    object IEnumerator.Current => Current;

    /// <inheritdoc/>
    public bool MoveNext()
    {
        // A generator over a generator over … pulls through all of them.
        budget.Descend();
        return _items.MoveNext();
    }

    /// <inheritdoc/>
    public IEnumerator<TemplateValue> GetEnumerator() => this;

    IEnumerator IEnumerable.GetEnumerator() => this;

    /// <summary>Not supported, as for every generator.</summary>
    public void Reset() => throw new NotSupportedException();

    /// <summary>Does nothing: who stops early may go on later.</summary>
    public void Dispose()
    {
    }

    internal override IEnumerable<TemplateValue> Iterate() => this;

    internal override void Represent(TextBuffer output) => output.Append($"<{typeName} object>");
}
