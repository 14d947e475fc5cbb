using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>A string. Its length and indexes count characters of Unicode, not halves of surrogate pairs.</summary>
/// <param name="text">The text; half surrogate pairs may be in it.</param>
/// <param name="isSafe">Marked by <c>safe</c> or <c>escape</c>: what is added to it gets escaped for HTML.</param>
internal sealed class StringValue(string text, bool isSafe = false) : TemplateValue
{
    public static readonly StringValue Empty = new("");

    private int _hash;

    public string Text => text;

    public bool IsSafe => isSafe;

    /// <summary>A hash of the text, computed once.</summary>
    public int Hash => _hash != 0 ? _hash : _hash = string.GetHashCode(text);

    internal override string TypeName => isSafe ? "Markup" : "str";

    internal override bool IsTrue => text.Length > 0;

    internal override int? Length => CodePoints.Count(text);

    /// <summary>A string of the same kind.</summary>
    public StringValue Like(string other) => new(other, isSafe);

    internal override void Print(TextBuffer output) => output.Append(text);

    internal override void Represent(TextBuffer output)
    {
        if (isSafe) output.Append("Markup(");
        StringText.Represent(text, output);
        if (isSafe) output.Append(')');
    }

    internal override TemplateValue? GetItem(Renderer renderer, TemplateValue key)
    {
        if (Numbers.AsInteger(key) is not { } index) return GetMember(key);
        renderer.Budget.Scan(text.Length);
        var count = CodePoints.Count(text);
        if (index < 0) index += count;
        return index < 0 || index >= count ? null : Like(CodePoints.Slice(text, (int)index, 1));
    }

    internal override TemplateValue? GetAttribute(StringValue name) => StringMethods.Find(this, name);

    internal override IEnumerable<TemplateValue> Iterate()
    {
        for (var at = 0; at < text.Length;)
        {
            var length = CodePoints.LengthAt(text, at);
            yield return new StringValue(text.Substring(at, length));
            at += length;
        }
    }

    private TemplateValue? GetMember(TemplateValue key) => key is StringValue name ? GetAttribute(name) : null;
}
