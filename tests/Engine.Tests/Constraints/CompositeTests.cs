using Minka.Engine.Constraints;

namespace Minka.Engine.Tests.Constraints;

public class CompositeTests
{
    private const string City = """
        {"type":"object","properties":{"city":{"$ref":"#/$defs/c"}},"required":["city"],
        "$defs":{"c":{"enum":["Oslo","Rome"]}}}
        """;

    [Theory]
    [InlineData("<call>{\"city\": \"Oslo\"}</call>", true)]
    [InlineData("<call>{\"city\": \"Rome\"}12</call>", true)]
    [InlineData("<call>{\"city\": \"Bonn\"}</call>", false)]
    [InlineData("<call>{\"city\": \"Oslo\"}1</call>", false)]
    [InlineData("<call>{\"city\": \"Oslo\"}", false)]
    public void Parts_follow_one_another_as_they_were_put_together(string text, bool isAllowed)
    {
        var call = Constraint.Sequence(
            Constraint.Choice(["<call>"]),
            Constraint.JsonSchema(City),
            Constraint.Optional(Constraint.Regex("[0-9]{2}")),
            Constraint.Choice(["</call>"]));

        Assert.Equal(isAllowed, Walker.Allows(Walker.Compile(call), text));
    }

    [Fact]
    public void A_part_without_its_length_is_refused()
    {
        foreach (var source in new[] { "0:5:abc", "0", "x:1:a", "3:2:" })
            Assert.Throws<RequestRefusedException>(
                () => Walker.Compile(new Constraint(ConstraintKind.Sequence, source)));
    }
}
