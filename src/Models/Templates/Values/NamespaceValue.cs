using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>What <c>namespace()</c> returns: the one thing that a template can change from within a loop.</summary>
internal sealed class NamespaceValue : TemplateValue
{
    private readonly DictValue _attributes = new();

    internal override string TypeName => "Namespace";

    /// <summary>Sets an attribute.</summary>
    public void Set(TemplateValue name, TemplateValue value) => _attributes.Set(name, value);

    internal override TemplateValue? GetItem(Renderer renderer, TemplateValue key) =>
        key is StringValue name ? GetAttribute(name) : null;

    internal override TemplateValue? GetAttribute(StringValue name) =>
        name.Text.StartsWith('_') ? null : _attributes.Entries.GetValueOrDefault(name);

    internal override void Represent(TextBuffer output)
    {
        output.Append("<Namespace ");
        _attributes.Represent(output);
        output.Append('>');
    }
}
