using System.Globalization;
using System.Numerics;
using Minka.Models.Templates.Nodes;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>
/// The <c>attribute</c> of filters: <c>'function.name'</c>, <c>'0'</c>, <c>1</c>, or none for the item itself.
/// </summary>
internal sealed class AttributePath
{
    private readonly TemplateValue[] _parts;

    private AttributePath(TemplateValue[] parts) => _parts = parts;

    /// <summary>The path that a filter was given.</summary>
    public static AttributePath Of(TemplateValue? attribute) => attribute switch
    {
        null or NoneValue => new AttributePath([]),
        StringValue text => Parse(text.Text),
        UndefinedValue undefined => throw undefined.Fail(),
        _ => new AttributePath([attribute]),
    };

    /// <summary>Several paths with commas between, as <c>sort</c> takes them.</summary>
    public static AttributePath[] ListOf(TemplateValue? attribute) => attribute is StringValue text
        ? [.. text.Text.Split(',').Select(Parse)]
        : [Of(attribute)];

    /// <summary>The value that the path leads to.</summary>
    /// <param name="renderer">The rendering.</param>
    /// <param name="item">Where it starts.</param>
    /// <param name="otherwise">Stands in for what is not there; null leaves it undefined.</param>
    public TemplateValue Follow(Renderer renderer, TemplateValue item, TemplateValue? otherwise = null)
    {
        foreach (var part in _parts)
        {
            renderer.Budget.Step();
            item = ItemExpression.Read(renderer, item, part);
            if (otherwise is not null && item is UndefinedValue) item = otherwise;
        }

        return item;
    }

    /// <summary>As <see cref="Follow"/>, in lower case where it is a string and case does not count.</summary>
    public TemplateValue FollowToKey(
        Renderer renderer, TemplateValue item, bool isCaseSensitive, TemplateValue? otherwise = null)
    {
        var key = Follow(renderer, item, otherwise);
        if (isCaseSensitive || key is not StringValue text) return key;
        renderer.Budget.MakeText(text.Text.Length);
        return new StringValue(CharText.Lower(text.Text));
    }

    private static AttributePath Parse(string path) => new([.. path.Split('.').Select(part =>
        part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit)
            ? (TemplateValue)IntegerValue.Of(BigInteger.Parse(part, CultureInfo.InvariantCulture))
            : new StringValue(part))]);
}
