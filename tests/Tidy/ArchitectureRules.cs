using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Minka.Tidy;

/// <summary>ARCHITECTURE.md is read here: where the code disagrees with it, one of the two is changed.</summary>
public sealed partial class ArchitectureRules
{
    private const string Document = "ARCHITECTURE.md";

    [Fact]
    public void Project_references_are_the_ones_the_table_of_rooms_allows()
    {
        var allowed = Rooms().Select(room => $"{room.Name}: {string.Join(' ', room.MayUse.Order())}");
        var actual = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(project => $"{RoomOf(project)}: {string.Join(' ', References(project).Order())}");

        var (expected, found) = (string.Join('\n', allowed.Order()), string.Join('\n', actual.Order()));
        Assert.True(expected == found, $"{Document} allows\n{expected}\n\nthe projects reference\n{found}");
    }

    [Fact]
    public void Namespaces_are_folder_paths() => Report.AssertNone(
        from file in Repository.CSharp
        where file.Room is not null
        let expected = "Minka." + file.Folder["src/".Length..].Replace('/', '.')
        let match = NamespaceLine().Match(file.Code)
        where match.Success && match.Groups[1].Value != expected
        select $"{file.File}: namespace {match.Groups[1]} should be {expected}");

    [Fact]
    public void Rooms_stay_within_their_lines() => Report.AssertNone(
        from room in Rooms()
        let lines = LinesIn($"src/{room.Name}")
        where lines > room.LinesMax
        select $"{room.Name}: {lines} lines, at most {room.LinesMax}: delete, split or decide in docs/decisions");

    [Fact]
    public void Folders_stay_within_their_lines() => Report.AssertNone(
        from row in MarkdownTable.Read(Document, "Folder")
        where row[1].Length > 0
        let lines = LinesIn($"src/{row[0]}")
        where lines > Number(row[1])
        select $"{row[0]}: {lines} lines, at most {row[1]}");

    [Fact]
    public void Every_folder_of_src_has_a_caption()
    {
        var captioned = MarkdownTable.Read(Document, "Folder").Select(row => row[0]).ToHashSet();
        var folders = Repository.SourceFolders().ToHashSet();

        Report.AssertNone(
        [
            .. folders.Except(captioned).Select(folder => $"src/{folder} has no caption in {Document}"),
            .. captioned.Where(folder => !Directory.Exists(Path.Combine(Repository.Root, "src", folder)))
                .Select(folder => $"{Document} captions src/{folder}, which is not there"),
        ]);
    }

    /// <summary>Explicit lists instead of reflection: this is what keeps them complete.</summary>
    [Fact]
    public void Every_implementation_is_in_its_list() => Report.AssertNone(
        from row in MarkdownTable.Read(Document, "To add")
        let list = CSharpFile.Read(Path.Combine(Repository.Root, "src", row[3]))
        from file in Repository.CSharp
        where file.Folder.StartsWith($"src/{row[1]}", StringComparison.Ordinal) && file.File != list.File
        from type in Outline.Types(file)
        where Derives(type, row[2]) && !Regex.IsMatch(list.Code, $@"\b{type.Name}\b")
        select $"{file.File}: {type.Name} is missing from the list in src/{row[3]}");

    [Fact]
    public void Every_list_of_implementations_has_some() => Report.AssertNone(
        from row in MarkdownTable.Read(Document, "To add")
        where !Repository.CSharp.Any(file => file.Folder.StartsWith($"src/{row[1]}", StringComparison.Ordinal)
            && Outline.Types(file).Any(type => Derives(type, row[2])))
        select $"{Document}: nothing in src/{row[1]} derives from {row[2]}");

    private static bool Derives(Member type, string from) =>
        !type.Header.StartsWith("interface", StringComparison.Ordinal)
        && from.Split(", ").Any(one => Regex.IsMatch(type.Header, $@":[^:]*\b{one}\b", RegexOptions.Singleline));

    private static int LinesIn(string folder) => Repository.CSharp
        .Where(file => file.Folder == folder || file.Folder.StartsWith(folder + "/", StringComparison.Ordinal))
        .Sum(file => file.Lines.Length);

    private static IEnumerable<(string Name, string[] MayUse, int LinesMax)> Rooms() =>
        MarkdownTable.Read(Document, "Room").Select(row => (row[0],
            row[1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), Number(row[3])));

    private static int Number(string cell) =>
        int.Parse(cell, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference")
            .Select(reference => RoomOf(reference.Attribute("Include")!.Value));

    private static string RoomOf(string project) =>
        Path.GetFileNameWithoutExtension(project.Replace('\\', '/')).Replace("Minka.", "", StringComparison.Ordinal);

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
