namespace Minka.Tidy;

/// <summary>Files fit in the head, methods on a screen.</summary>
public sealed class SizeRules
{
    private const int LinesPerFileMax = 400;
    private const int LinesPerMethodMax = 50;
    private const int ColumnsMax = 120;

    [Fact]
    public void Files_fit_in_the_head() => Report.AssertNone(
        from file in Repository.CSharp
        where file.Lines.Length > LinesPerFileMax
        select $"{file.File}: {file.Lines.Length} lines, at most {LinesPerFileMax}: find the split that has a name");

    [Fact]
    public void Methods_fit_on_a_screen() => Report.AssertNone(
        from file in Repository.CSharp
        from method in Outline.Methods(file)
        where method.LineCount > LinesPerMethodMax
        select $"{file.File}:{method.FirstLine}: {method.Name} has {method.LineCount} lines, "
            + $"at most {LinesPerMethodMax}");

    [Fact]
    public void Lines_fit_on_the_screen() => Report.AssertNone(
        from file in Repository.CSharp
        from line in file.Lines.Index()
        where line.Item.Length > ColumnsMax
        select $"{file.File}:{line.Index + 1}: {line.Item.Length} columns, at most {ColumnsMax}");
}
