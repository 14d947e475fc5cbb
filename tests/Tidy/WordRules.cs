using System.Text.RegularExpressions;

namespace Minka.Tidy;

/// <summary>Words that say nothing, promises that are not kept, and places that exist on one machine only.</summary>
public sealed partial class WordRules
{
    /// <summary>A name with one of these says that its author did not know what the thing does.</summary>
    private static readonly string[] _emptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Impl"];

    // Written in halves so that this file does not find itself.
    private static readonly string[] _promises = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"];

    private static readonly string[] _places =
    [
        "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "C:" + @"\Users",
        "registry.npm" + "js", "api.nu" + "get", "nu" + "get.org", "deb.deb" + "ian", "py" + "pi.org",
        "proxy.go" + "lang",
    ];

    [Fact]
    public void Type_names_say_what_the_type_does() => Report.AssertNone(
        from file in Repository.CSharp
        from type in Outline.Types(file)
        let words = Word().Matches(type.Name).Select(match => match.Value).ToList()
        let empty = words.Find(_emptyWords.Contains) ?? (words is [.., "Base"] ? "Base" : null)
        where empty is not null
        select $"{file.File}:{type.FirstLine}: {type.Name}: '{empty}' says nothing; name it by what it does");

    [Fact]
    public void Nothing_is_left_for_later() => Report.AssertNone(
        from text in Ours()
        from line in text.Lines.Index()
        from promise in _promises
        where Regex.IsMatch(line.Item, $@"\b{promise}\b")
        select $"{text.File}:{line.Index + 1}: '{promise}' does not merge; do it, or open an issue");

    [Fact]
    public void No_file_names_a_place_on_one_machine() => Report.AssertNone(
        from text in Ours()
        from line in text.Lines.Index()
        from place in _places
        where line.Item.Contains(place, StringComparison.Ordinal)
        select $"{text.File}:{line.Index + 1}: '{place}' is a place of one machine; take an option or a variable");

    [Fact]
    public void Text_ends_with_one_newline_and_no_line_with_spaces() => Report.AssertNone(
        from text in Ours()
        where !text.File.StartsWith("models/", StringComparison.Ordinal)
        from line in text.Lines.Index()
        where line.Item.EndsWith(' ') || line.Item.EndsWith('\t') || line.Item.EndsWith('\r')
        select $"{text.File}:{line.Index + 1}: ends with white space");

    /// <summary>Rules speak of the words they ban, so the document that holds them is left out.</summary>
    private static IEnumerable<(string File, string[] Lines)> Ours() =>
        Repository.Texts().Where(text => text.File is not ("CONTRIBUTING.md" or "LICENSE"));

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
