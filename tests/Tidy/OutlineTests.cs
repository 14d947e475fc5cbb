namespace Minka.Tidy;

/// <summary>The reader of C# that the size rules stand on is itself held to a small example.</summary>
public sealed class OutlineTests
{
    private const string Example = """"
        namespace A;
        // class NotAType { void NotAMethod() { } }
        public sealed class Pot(int size) : IPot<Pot>
        {
            private static readonly int[] _table =
            [
                1, 2,
            ];
            public int Size { get; } = size;
            public string Text => $"{(Size > 1 ? "}" : "{")} {{";
            private readonly Func<int, int> _twice = x => { return 2 * x; };

            [Fact]
            [Theory("{")]
            public static bool operator ==(Pot a, Pot b) => Equals(a, b);

            public Pot Fill(string with = "}",
                int times = 1)
            {
                var raw = """
                    { " }
                    """;
                int Local() => 3;
                if (times > 1) { Local(); }
                return this;
            }

            public int Sum() => Size switch
            {
                1 => 1,
                _ => 2,
            };

            private enum Size { Small, Large }
            private record struct Lid(int Width);
            private sealed class Inner { public Inner() { } }
        }
        """";

    private static CSharpFile Read() => new("src/A/Pot.cs", Example, CodeOnly.Blank(Example));

    [Fact]
    public void Types_are_found_outside_comments() =>
        Assert.Equal(["Pot", "Size", "Lid", "Inner"], Outline.Types(Read()).Select(type => type.Name));

    [Fact]
    public void Methods_are_measured_from_signature_to_closing_brace() => Assert.Equal(
        [("Fill", 10), ("Sum", 5), ("Inner", 1)],
        Outline.Methods(Read()).Where(method => method.Name != "==").Select(method => (method.Name, method.LineCount)));

    [Fact]
    public void Blanking_keeps_every_line()
    {
        var code = Read().Code;

        Assert.Equal(Example.Length, code.Length);
        Assert.Equal(Example.Split('\n').Length, code.Split('\n').Length);
        Assert.DoesNotContain("NotAType", code, StringComparison.Ordinal);
        Assert.Contains("return this;", code, StringComparison.Ordinal);
    }
}
